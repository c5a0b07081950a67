-- The events up to a position of the streams that are among these ids, and of the stream of the event at that position,
-- oldest first, without those an operator has taken out.
-- $1 position   $2 ids   $3 types ('*': any)   $4 projections   $5 tenant (NULL: any)
SELECT e.position, e.type, e.recorded_at, coalesce(e.metadata ->> 'actor', '') AS actor, e.stream_id, e.version
  FROM log.events AS e
 WHERE e.stream_id IN (SELECT unnest($2::uuid[]) UNION SELECT l.stream_id FROM log.events AS l WHERE l.position = $1::bigint)
   AND e.position <= $1 AND (e.type = ANY ($3::text[]) OR '*' = ANY ($3))
   AND ($5::uuid IS NULL OR e.tenant_id = $5::uuid)
   AND NOT EXISTS (SELECT FROM ops.discarded AS d WHERE d.projection = ANY ($4::text[]) AND d.position = e.position)
 ORDER BY e.position
