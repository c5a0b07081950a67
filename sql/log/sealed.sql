-- How far the log goes, how far it is sealed, and the last seal; also the seal that has a given hash, if one has.
-- $1 hash, or NULL
SELECT h.id, h.position AS head, coalesce(s.upto, 0) AS sealed, encode(s.hash, 'hex') AS hash,
       (SELECT n.upto FROM log.seals AS n WHERE n.hash = $1::bytea) AS noted
  FROM log.head AS h
  LEFT JOIN LATERAL (SELECT n.upto, n.hash FROM log.seals AS n ORDER BY n.upto DESC LIMIT 1) AS s ON true
