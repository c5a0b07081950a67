-- Whether a course other than this one has a lesson of one of these ids.
-- $1 ids   $2 course
SELECT EXISTS (SELECT FROM read.lessons AS l WHERE l.id = ANY ($1::uuid[]) AND l.course_id <> $2::uuid)
