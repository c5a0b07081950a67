-- What readers find calls by. The fold needs none of it, so it is made once the rows are loaded.
CREATE INDEX IF NOT EXISTS llm_calls_tenant_id_day_idx ON llm_calls (tenant_id, day);
CREATE INDEX IF NOT EXISTS llm_calls_job_id_idx ON llm_calls (job_id);
CREATE INDEX IF NOT EXISTS llm_calls_target_idx ON llm_calls (target);
