-- One textbook of a tenant, by id or by slug.
-- $1 tenant   $2 id (NULL: by slug)   $3 slug (NULL: by id)
SELECT t.id, t.version, t.job_id, t.user_id, t.slug, t.title, t.subject, t.audience, t.language, t.source_filter, t.policy,
       t.status, t.chapters_total, s.chapters_validated, s.chapters_published, s.chapters_failed, t.error_message,
       t.created_at, t.updated_at, t.generated_at, t.archived_at
  FROM read.textbooks AS t
  JOIN read.v_textbook_summary AS s ON s.id = t.id
 WHERE t.tenant_id = $1::uuid AND (t.id = $2::uuid OR t.slug = $3::text)
