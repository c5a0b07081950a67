-- What readers find acts by: those of an actor, to a stream, of a time, failed logins. The key has a tenant's in order.
CREATE INDEX IF NOT EXISTS audit_acts_tenant_id_actor_position_idx ON audit_acts (tenant_id, actor, position);
CREATE INDEX IF NOT EXISTS audit_acts_stream_id_position_idx ON audit_acts (stream_id, position);
CREATE INDEX IF NOT EXISTS audit_acts_tenant_id_at_idx ON audit_acts (tenant_id, at);
CREATE INDEX IF NOT EXISTS audit_acts_login_failed_idx ON audit_acts (tenant_id, at) WHERE action = 'login.failed';
