-- One lesson with its text, its sources and its checks, in order.
-- $1 tenant   $2 course   $3 number
SELECT f.lesson_id AS id, f.course_id, c.version, f.lesson_number, f.title, f.description, f.key_concepts,
       f.learning_objectives, f.content_md, f.content_json AS sections, f.sources, f.readability,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('question', k.question, 'answer', k.answer, 'options', k.options,
                                                     'explanation', k.explanation) ORDER BY k.q_order), '[]')
          FROM read.lesson_checks AS k WHERE k.lesson_id = f.lesson_id) AS checks,
       f.revision, f.edited, f.pinned, f.generated_at
  FROM read.v_lessons_full AS f
  JOIN read.courses AS c ON c.id = f.course_id
 WHERE f.tenant_id = $1::uuid AND f.course_id = $2::uuid AND f.lesson_number = $3::integer
