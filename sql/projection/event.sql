-- One event by its position.
-- $1 position
SELECT e.stream_id, e.tenant_id, e.version, e.type, e.data, e.metadata, e.recorded_at
  FROM log.events AS e
 WHERE e.position = $1::bigint
