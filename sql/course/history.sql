-- What happened to one course, oldest first, after a version: who did what to which lesson, and when.
-- $1 tenant   $2 course   $3 version   $4 limit
SELECT e.version, e.position, e.type, e.recorded_at, e.metadata ->> 'actor' AS actor,
       (d.data ->> 'number')::integer AS lesson_number, (d.data ->> 'revision')::integer AS revision,
       d.data ->> 'title' AS title, coalesce(d.data ->> 'error', d.data ->> 'instructions') AS note
  FROM log.events AS e
 CROSS JOIN LATERAL (SELECT log.upcast(e.type, e.data) AS data) AS d
 WHERE e.tenant_id = $1::uuid AND e.stream_id = $2::uuid AND e.category = 'course' AND e.version > $3::integer
 ORDER BY e.version
 LIMIT $4::integer
