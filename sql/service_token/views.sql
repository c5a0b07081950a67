-- What analysts read of service tokens, beside the plain view of service_tokens.

CREATE VIEW v_service_tokens WITH (security_invoker = true) AS
SELECT t.id, t.tenant_id, t.name, t.role, t.scopes,
       CASE WHEN t.revoked_at IS NOT NULL THEN 'revoked' WHEN t.expires_at <= now() THEN 'expired' ELSE 'good' END AS state,
       CASE WHEN t.revoked_at IS NULL THEN greatest(t.expires_at - now(), interval '0') END AS remaining,
       t.issued_by, t.issued_at, t.expires_at, t.revoked_by, t.revoked_at, t.reason, t.position
  FROM service_tokens AS t;
COMMENT ON VIEW v_service_tokens IS 'Service tokens with what each is good for now, and for how long. Key: id.';
COMMENT ON COLUMN v_service_tokens.role IS 'user, analyst or operator: what it may do at most.';
COMMENT ON COLUMN v_service_tokens.scopes IS 'What it is kept to, such as courses:read; * stands for all.';
COMMENT ON COLUMN v_service_tokens.state IS 'good, expired or revoked, as the clock stands.';
COMMENT ON COLUMN v_service_tokens.remaining IS 'How long it is still good; empty where it was revoked.';
COMMENT ON COLUMN v_service_tokens.issued_by IS 'Who issued it: the id of an account, or a name of the command line.';
COMMENT ON COLUMN v_service_tokens.reason IS 'Why it was revoked.';
