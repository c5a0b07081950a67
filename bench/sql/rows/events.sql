-- The next events for the loop, oldest first.
-- $1 types   $2 after this position   $3 most events
SELECT e.stream_id, e.tenant_id, e.position, e.recorded_at, e.data::text AS data, e.type
  FROM log.events AS e
 WHERE e.type = ANY ($1::text[]) AND e.position > $2::bigint
 ORDER BY e.position
 LIMIT $3::integer
