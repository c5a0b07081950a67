-- What analysts read of the audit, beside the plain views of audit_acts and audit_origins.

CREATE VIEW v_audit WITH (security_invoker = true) AS
SELECT a.position, a.tenant_id, a.at, a.actor, CASE o.kind WHEN 'service-token' THEN o.kind ELSE a.actor_kind END AS actor_kind,
       a.action, a.category, a.stream_id, a.outcome, a.code, a.route, a.status, a.times, o.network, a.origin, a.correlation_id, a.detail
  FROM audit_acts AS a
  LEFT JOIN audit_origins AS o ON o.id = a.origin AND o.tenant_id = a.tenant_id;
COMMENT ON VIEW v_audit IS
    'Who did what, when, from where, to which stream, and with which outcome: one row per act of a caller; refused commands and failed logins are in it. Key: position.';
COMMENT ON COLUMN v_audit.at IS 'When it was done.';
COMMENT ON COLUMN v_audit.actor IS 'Who: the id of an account or a service token, the name of an operator, service, or anonymous.';
COMMENT ON COLUMN v_audit.actor_kind IS 'account, service-token, operator, service for what it does by itself, or visitor for whoever is not logged in.';
COMMENT ON COLUMN v_audit.action IS 'The type of the event, such as course.renamed, command.refused or login.failed.';
COMMENT ON COLUMN v_audit.category IS 'The kind of stream it was done to; empty where it was refused.';
COMMENT ON COLUMN v_audit.stream_id IS 'What it was done to, or was to be done to; the account, where a login failed. Empty where there is no such thing.';
COMMENT ON COLUMN v_audit.outcome IS 'ok, refused (a command) or failed (a login).';
COMMENT ON COLUMN v_audit.code IS 'Why it was refused, as in the answer, such as not-found; why a login failed. Empty where all went well.';
COMMENT ON COLUMN v_audit.route IS 'Method and path template of a refused command.';
COMMENT ON COLUMN v_audit.status IS 'The HTTP status of a refused command.';
COMMENT ON COLUMN v_audit.times IS 'How often it happened within a moment: 1 but for what is refused again and again.';
COMMENT ON COLUMN v_audit.network IS 'Where from: the first 24 bits of the address, of IPv6 48. Empty where it is not known, or its person has been erased.';
COMMENT ON COLUMN v_audit.origin IS 'The caller at an address, as an id: the same for every act from there. Empty for what was not done over HTTP.';
COMMENT ON COLUMN v_audit.correlation_id IS 'The trace that it belongs to; several acts of one request share it.';
COMMENT ON COLUMN v_audit.detail IS 'A few words more, such as which lesson or which role; never a person''s words.';

CREATE VIEW v_login_failures WITH (security_invoker = true) AS
SELECT a.tenant_id, (a.at AT TIME ZONE 'UTC')::date AS day, a.code AS reason, sum(a.times)::bigint AS failures,
       count(DISTINCT a.stream_id) AS accounts, count(DISTINCT a.origin) AS origins,
       min(a.at) AS first_seen, max(a.at) AS last_seen, max(a.position) AS position
  FROM audit_acts AS a
 WHERE a.action = 'login.failed'
 GROUP BY a.tenant_id, (a.at AT TIME ZONE 'UTC')::date, a.code;
COMMENT ON VIEW v_login_failures IS
    'How often a login failed on each day, and why: one row per day and reason. Key: tenant_id, day, reason.';
COMMENT ON COLUMN v_login_failures.day IS 'The day in UTC.';
COMMENT ON COLUMN v_login_failures.reason IS 'wrong-password, unknown (nobody has that name), inactive (the account is) or throttled (too many failed).';
COMMENT ON COLUMN v_login_failures.failures IS 'Attempts that failed.';
COMMENT ON COLUMN v_login_failures.accounts IS 'How many accounts they were for; those for nobody''s name are not counted.';
COMMENT ON COLUMN v_login_failures.origins IS 'How many different callers at different addresses tried.';
