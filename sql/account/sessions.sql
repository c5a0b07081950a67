-- The open sessions of an account, newest first.
-- $1 tenant   $2 account   $3 now   $4 started before, $5 id before (NULLs: from the newest)   $6 limit
SELECT s.id, s.agent, s.started_at, s.refreshed_at, s.expires_at
  FROM read.v_open_sessions AS s
 WHERE s.tenant_id = $1::uuid AND s.user_id = $2::uuid AND s.expires_at > $3::timestamptz
   AND ($4::timestamptz IS NULL OR (s.started_at, s.id) < ($4::timestamptz, $5::uuid))
 ORDER BY s.started_at DESC, s.id DESC
 LIMIT $6::integer
