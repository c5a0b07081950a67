-- What readers find jobs by. The fold needs none of it, so it is made once the rows are loaded.
CREATE INDEX IF NOT EXISTS generation_jobs_tenant_id_created_at_idx ON generation_jobs (tenant_id, created_at DESC, id);
