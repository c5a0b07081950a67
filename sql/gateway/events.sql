-- The next events that a subscriber wants, of all tenants, in log order, upcast, without private payloads. At least one
-- comes, if there is any; more of them only until they are as large as the budget says, as they are stored.
-- $1 after   $2 upto   $3 types   $4 limit   $5 budget in bytes
WITH near AS (
    SELECT e.position, pg_column_size(e.data) AS size
      FROM log.events AS e
     WHERE e.position > $1::bigint AND e.position <= $2::bigint AND e.type = ANY ($3::text[])
     ORDER BY e.position
     LIMIT $4::integer
), batch AS (
    SELECT n.position, sum(n.size) OVER (ORDER BY n.position) - n.size AS before FROM near AS n
)
SELECT e.position, e.stream_id, e.version, e.category, e.type, e.tenant_id,
       log.upcast(e.type, e.data)::text AS data, NULL::text AS private, e.metadata::text AS metadata, e.recorded_at
  FROM batch AS b
  JOIN log.events AS e ON e.position = b.position
 WHERE b.before < $5::bigint
 ORDER BY e.position
