-- What readers find acts by: a tenant's newest, those of an actor, to a stream, of a time, and those that were not to be.
CREATE INDEX IF NOT EXISTS audit_acts_tenant_id_position_idx ON audit_acts (tenant_id, position);
CREATE INDEX IF NOT EXISTS audit_acts_tenant_id_actor_position_idx ON audit_acts (tenant_id, actor, position);
CREATE INDEX IF NOT EXISTS audit_acts_stream_id_position_idx ON audit_acts (stream_id, position);
CREATE INDEX IF NOT EXISTS audit_acts_tenant_id_at_idx ON audit_acts (tenant_id, at);
CREATE INDEX IF NOT EXISTS audit_acts_not_ok_idx ON audit_acts (tenant_id, position) WHERE outcome <> 'ok';
CREATE INDEX IF NOT EXISTS audit_acts_login_failed_idx ON audit_acts (tenant_id, at) WHERE action = 'login.failed';
