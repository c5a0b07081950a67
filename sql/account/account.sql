-- One account of a tenant, unless it is erased.
-- $1 tenant   $2 id
SELECT u.id, u.version, u.email, u.username, u.name, u.role, u.is_active, u.created_at, u.updated_at
  FROM read.users AS u
 WHERE u.tenant_id = $1::uuid AND u.id = $2::uuid AND u.erased_at IS NULL
