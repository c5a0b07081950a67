-- A page of a tenant's accounts, newest first; erased ones are left out.
-- $1 tenant   $2 role (NULL: any)   $3 active (NULL: either)   $4 part of address, username or name (NULL: any)
-- $5 created before, $6 id before (NULLs: from the newest)   $7 limit
SELECT u.id, u.version, u.email, u.username, u.name, u.role, u.is_active, u.created_at, u.updated_at
  FROM read.users AS u
 WHERE u.tenant_id = $1::uuid AND u.erased_at IS NULL
   AND ($2::text IS NULL OR u.role = $2::text)
   AND ($3::boolean IS NULL OR u.is_active = $3::boolean)
   AND ($4::text IS NULL OR strpos(lower(concat_ws(' ', u.email, u.username, u.name)), lower($4::text)) > 0)
   AND ($5::timestamptz IS NULL OR (u.created_at, u.id) < ($5::timestamptz, $6::uuid))
 ORDER BY u.created_at DESC, u.id DESC
 LIMIT $7::integer
