-- The courses that have a slug, and so a folder, in the order of their ids.
-- $1 tenant (NULL: any)   $2 after this id (NULL: from the first)   $3 limit
SELECT c.id
  FROM read.courses AS c
 WHERE ($1::uuid IS NULL OR c.tenant_id = $1::uuid) AND ($2::uuid IS NULL OR c.id > $2::uuid) AND c.slug IS NOT NULL
 ORDER BY c.id
 LIMIT $3::integer
