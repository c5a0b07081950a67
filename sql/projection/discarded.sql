-- Events that operators have taken out of projections, oldest first.
-- $1 projection (NULL: every one)
SELECT d.projection, d.position, d.stream_id, e.tenant_id, e.type, d.actor, d.reason, d.discarded_at
  FROM ops.discarded AS d
  JOIN log.events AS e ON e.position = d.position
 WHERE $1::text IS NULL OR d.projection = $1::text
 ORDER BY d.projection, d.position
