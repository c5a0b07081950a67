-- What a course and its lessons say, as a glimpse has them; texts are told apart by their length and digest.
-- $1 an object: its id
SELECT jsonb_build_object(
           'title', c.title, 'status', c.status, 'error_message', c.error_message, 'total_lessons', c.total_lessons,
           'archived', c.archived_at IS NOT NULL,
           'lessons', coalesce((SELECT jsonb_object_agg(l.lesson_number, jsonb_build_object(
                                           'title', l.title, 'description', l.description, 'key_concepts', l.key_concepts,
                                           'learning_objectives', l.learning_objectives, 'revision', l.revision,
                                           'edited', l.edited, 'pinned', l.pinned,
                                           'content', CASE WHEN b.lesson_id IS NOT NULL THEN jsonb_build_object(
                                               'characters', length(b.content_md), 'md5', md5(b.content_md)) END))
                                  FROM lessons AS l
                                  LEFT JOIN lesson_bodies AS b ON b.lesson_id = l.id
                                 WHERE l.course_id = c.id), '{}'))
  FROM courses AS c
 WHERE c.id = ($1::jsonb ->> 'id')::uuid
