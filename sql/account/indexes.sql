-- What readers find accounts by. The fold needs none of it, so it is made once the rows are loaded.
CREATE INDEX users_tenant_id_created_at_idx ON users (tenant_id, created_at DESC, id DESC);
