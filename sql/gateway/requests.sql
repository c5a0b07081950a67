-- The requests behind courses, as those who asked call them, and what their courses are called by now; other courses have
-- no row.
-- $1 tenant   $2 courses
SELECT e.stream_id AS course_id, e.metadata ->> 'request_id' AS request_id, c.title, c.total_lessons
  FROM log.events AS e
  JOIN read.courses AS c ON c.id = e.stream_id AND c.tenant_id = e.tenant_id
 WHERE e.stream_id = ANY ($2::uuid[]) AND e.version = 1 AND e.tenant_id = $1::uuid AND e.metadata ? 'request_id'
