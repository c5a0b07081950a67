-- A course with all that its files hold, as it stands, at its version and position; by id or by slug.
-- $1 tenant (NULL: any, for an id)   $2 id (NULL: by slug)   $3 slug (NULL: by id)
SELECT c.tenant_id, c.version, c.position,
       jsonb_build_object(
           'metadata', jsonb_build_object(
               'id', c.id, 'slug', c.slug, 'user_id', c.user_id, 'title', c.title, 'topic', c.topic,
               'grade_level', c.grade_level, 'language', c.language, 'source_filter', c.source_filter,
               'total_lessons', c.total_lessons, 'created_at', c.created_at, 'generated_at', c.generated_at,
               'archived_at', c.archived_at),
           'outline', coalesce(c.outline_json, '[]'),
           'lessons', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                                  'id', f.lesson_id, 'lesson_number', f.lesson_number, 'title', f.title,
                                  'description', f.description, 'key_concepts', f.key_concepts,
                                  'learning_objectives', f.learning_objectives, 'content_md', f.content_md,
                                  'sections', f.content_json, 'sources', f.sources, 'checks', k.checks,
                                  'readability', f.readability, 'revision', f.revision, 'edited', f.edited,
                                  'pinned', f.pinned, 'generated_at', f.generated_at) ORDER BY f.lesson_number), '[]')
                         FROM read.v_lessons_full AS f
                        CROSS JOIN LATERAL (
                                  SELECT coalesce(jsonb_agg(jsonb_build_object(
                                             'question', k.question, 'answer', k.answer, 'options', k.options,
                                             'explanation', k.explanation) ORDER BY k.q_order), '[]') AS checks
                                    FROM read.lesson_checks AS k
                                   WHERE k.lesson_id = f.lesson_id) AS k
                        WHERE f.course_id = c.id)) AS course
  FROM read.courses AS c
 WHERE ($1::uuid IS NULL OR c.tenant_id = $1::uuid)
   AND (c.id = $2::uuid OR c.tenant_id = $1::uuid AND c.slug = $3::text)
