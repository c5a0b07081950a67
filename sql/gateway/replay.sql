-- Put a checkpoint elsewhere in this log, for operators; no row where there is no such subscriber, or no such position.
-- Whoever runs it finds out at its next step.
-- $1 name   $2 the position after which it goes on
UPDATE ops.subscribers AS s
   SET position = $2::bigint, log_id = h.id, failures = 0, error = NULL, failed_at = NULL, retry_at = '-infinity'
  FROM log.head AS h
 WHERE s.name = $1::text AND $2::bigint BETWEEN 0 AND h.position
RETURNING s.position
