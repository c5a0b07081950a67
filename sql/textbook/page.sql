-- A page of a tenant's textbooks, newest first, archived ones left out.
-- $1 tenant   $2 status (NULL: any)   $3 user (NULL: any)   $4 created before, $5 id before (NULLs: from the newest)   $6 limit
SELECT s.id, s.user_id, s.slug, s.title, s.subject, s.audience, s.language, s.status, s.chapters_total,
       s.chapters_validated, s.chapters_published, s.chapters_failed, s.error_message, s.created_at, s.updated_at,
       s.generated_at
  FROM read.v_textbook_summary AS s
 WHERE s.tenant_id = $1::uuid AND s.archived_at IS NULL
   AND ($2::text IS NULL OR s.status = $2::text)
   AND ($3::text IS NULL OR s.user_id = $3::text)
   AND ($4::timestamptz IS NULL OR (s.created_at, s.id) < ($4::timestamptz, $5::uuid))
 ORDER BY s.created_at DESC, s.id DESC
 LIMIT $6::integer
