-- The event that brought a course's outline, upcast.
-- $1 tenant   $2 course
SELECT e.position, e.stream_id, e.version, e.category, e.type, e.tenant_id, log.upcast(e.type, e.data)::text AS data,
       NULL::text AS private, e.metadata::text AS metadata, e.recorded_at
  FROM log.events AS e
 WHERE e.tenant_id = $1::uuid AND e.stream_id = $2::uuid AND e.type = 'course.outlined'
 ORDER BY e.version
 LIMIT 1
