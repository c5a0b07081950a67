-- The table of contents of one course, lessons that are still to come included.
-- $1 tenant   $2 course
SELECT l.id, l.lesson_number, l.title, l.description, l.key_concepts, l.learning_objectives, l.revision, l.edited,
       l.pinned, l.generated_at
  FROM read.lessons AS l
 WHERE l.tenant_id = $1::uuid AND l.course_id = $2::uuid
 ORDER BY l.lesson_number
