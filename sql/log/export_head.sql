-- What an export of the log begins with: its id, head, number of receipts, and the last seal. No parameters.
SELECT h.id, h.position AS head, (SELECT count(*) FROM log.receipts AS r WHERE r.position <= h.position) AS receipts,
       s.upto, encode(s.hash, 'hex') AS hash
  FROM log.head AS h
  LEFT JOIN LATERAL (SELECT n.upto, n.hash FROM log.seals AS n ORDER BY n.upto DESC LIMIT 1) AS s ON true
