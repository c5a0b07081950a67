-- What operators did, newest first; only blocks of the log that hold such events are read.
-- $1 projection (NULL: every one)   $2 most rows   $3 key of the request that asked for it (NULL: any)
WITH ranges AS (
    SELECT b.block * 4096 AS first, least(b.block * 4096 + 4095, t.position) AS last
      FROM ops.blocks AS b
     CROSS JOIN ops.tail AS t
     WHERE EXISTS (SELECT FROM unnest(b.types) AS type WHERE starts_with(type, 'projection.'))
     UNION ALL
    SELECT t.position + 1, 9223372036854775807 FROM ops.tail AS t
)
SELECT e.position, e.recorded_at, e.type, e.data, e.metadata ->> 'actor' AS actor, e.metadata ->> 'fingerprint' AS fingerprint
  FROM ranges AS r
  JOIN log.events AS e ON e.position BETWEEN r.first AND r.last
 WHERE e.category = 'projection'
   AND ($1::text IS NULL OR e.data ->> 'projection' IS NULL OR e.data ->> 'projection' = $1::text)
   AND ($3::text IS NULL OR e.metadata ->> 'idempotency_key' = $3::text)
 ORDER BY e.position DESC
 LIMIT $2::integer
