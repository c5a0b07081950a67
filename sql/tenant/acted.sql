-- The fingerprint of the request that changed a tenant under an idempotency key, if one has; only blocks of the log that
-- hold such events are read.
-- $1 key
WITH ranges AS (
    SELECT b.block * 4096 AS first, least(b.block * 4096 + 4095, t.position) AS last
      FROM ops.blocks AS b
     CROSS JOIN ops.tail AS t
     WHERE EXISTS (SELECT FROM unnest(b.types) AS type WHERE starts_with(type, 'tenant.'))
     UNION ALL
    SELECT t.position + 1, 9223372036854775807 FROM ops.tail AS t
)
SELECT e.metadata ->> 'fingerprint' AS fingerprint
  FROM ranges AS r
  JOIN log.events AS e ON e.position BETWEEN r.first AND r.last
 WHERE e.category = 'tenant' AND e.metadata ->> 'idempotency_key' = $1::text
 LIMIT 1
