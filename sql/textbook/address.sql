-- The id and the slug of a tenant's textbook, by either.
-- $1 tenant   $2 id (NULL: by slug)   $3 slug (NULL: by id)
SELECT t.id, t.slug
  FROM read.textbooks AS t
 WHERE t.tenant_id = $1::uuid AND (t.id = $2::uuid OR t.slug = $3::text)
