-- What analysts read of accounts, beside the plain views of the tables.

CREATE VIEW v_open_sessions WITH (security_invoker = true) AS
SELECT s.id, s.tenant_id, s.user_id, u.role, s.agent, s.started_at, s.refreshed_at, s.expires_at, s.position
  FROM sessions AS s
  JOIN users AS u ON u.id = s.user_id AND u.is_active AND u.token_version = s.token_version
 WHERE s.ended_at IS NULL;
COMMENT ON VIEW v_open_sessions IS
    'Logins that nothing has ended yet: no log-out, no change of password or role, no closed account. Key: id.';
COMMENT ON COLUMN v_open_sessions.role IS 'What the account may do: user, analyst, operator or admin.';
COMMENT ON COLUMN v_open_sessions.agent IS 'What the client called itself at the login.';
COMMENT ON COLUMN v_open_sessions.refreshed_at IS 'When it was last gone on with; empty while it has not been.';
COMMENT ON COLUMN v_open_sessions.expires_at IS 'It is over by then in any case.';
COMMENT ON COLUMN v_open_sessions.position IS 'The last event of the session.';
