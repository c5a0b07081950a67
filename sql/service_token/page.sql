-- A page of a tenant's service tokens, newest first.
-- $1 tenant   $2 issued before, $3 id before (NULLs: from the newest)   $4 limit
SELECT t.id, t.name, t.role, t.scopes, t.issued_by, t.issued_at, t.expires_at, t.revoked_by, t.revoked_at, t.reason, t.version
  FROM read.service_tokens AS t
 WHERE t.tenant_id = $1::uuid
   AND ($2::timestamptz IS NULL OR (t.issued_at, t.id) < ($2::timestamptz, $3::uuid))
 ORDER BY t.issued_at DESC, t.id DESC
 LIMIT $4::integer
