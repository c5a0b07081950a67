-- The lessons of a course in an old generator's database, each with its text and its checks.
-- $1 course, as text
SELECT coalesce(to_jsonb(b), '{}') || jsonb_strip_nulls(to_jsonb(l))
       || jsonb_build_object('checks', (SELECT coalesce(jsonb_agg(to_jsonb(k)), '[]')
                                          FROM lesson_checks AS k WHERE k.lesson_id = l.id)) AS lesson
  FROM lessons AS l
  LEFT JOIN lesson_bodies AS b ON b.lesson_id = l.id
 WHERE l.course_id = $1::text::uuid
 ORDER BY l.lesson_number
