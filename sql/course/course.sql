-- One course of a tenant, by id or by slug.
-- $1 tenant   $2 id (NULL: by slug)   $3 slug (NULL: by id)
SELECT c.id, c.version, c.job_id, c.user_id, c.slug, c.title, c.topic, c.grade_level, c.language, c.source_filter, c.status,
       c.total_lessons, s.lessons_ready, c.error_message, c.created_at, c.updated_at, c.generated_at, c.archived_at
  FROM read.courses AS c
  JOIN read.v_course_summary AS s ON s.id = c.id
 WHERE c.tenant_id = $1::uuid AND (c.id = $2::uuid OR c.slug = $3::text)
