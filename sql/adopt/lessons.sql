-- The lessons of a course in an old generator's database, each with its text.
-- $1 course, as text
SELECT coalesce(to_jsonb(b), '{}') || jsonb_strip_nulls(to_jsonb(l)) AS lesson
  FROM lessons AS l
  LEFT JOIN lesson_bodies AS b ON b.lesson_id = l.id
 WHERE l.course_id = $1::text::uuid
 ORDER BY l.lesson_number
