-- The course that a lesson belongs to, and its number there.
-- $1 tenant   $2 lesson
SELECT l.course_id, l.lesson_number
  FROM read.lessons AS l
 WHERE l.tenant_id = $1::uuid AND l.id = $2::uuid
