-- One course as a glimpse has it.
-- $1 an object: its id
SELECT to_jsonb(v)
  FROM (SELECT c.id, c.version, c.job_id, c.user_id, c.slug, c.title, c.topic, c.grade_level, c.language, c.source_filter,
               c.status, c.total_lessons, s.lessons_ready, c.error_message, c.created_at, c.updated_at, c.generated_at,
               c.archived_at
          FROM courses AS c
          JOIN v_course_summary AS s ON s.id = c.id
         WHERE c.id = ($1::jsonb ->> 'id')::uuid) AS v
