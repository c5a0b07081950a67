-- What readers find acts by: a tenant's newest, those of an actor, to a stream, of a time, and failed logins.
CREATE INDEX IF NOT EXISTS audit_acts_tenant_id_position_idx ON audit_acts (tenant_id, position);
CREATE INDEX IF NOT EXISTS audit_acts_tenant_id_actor_position_idx ON audit_acts (tenant_id, actor, position);
CREATE INDEX IF NOT EXISTS audit_acts_stream_id_position_idx ON audit_acts (stream_id, position);
CREATE INDEX IF NOT EXISTS audit_acts_at_idx ON audit_acts USING brin (at) WITH (pages_per_range = 16);
CREATE INDEX IF NOT EXISTS audit_acts_login_failed_idx ON audit_acts (tenant_id, at) WHERE action = 'login.failed';
