-- One job of a tenant.
-- $1 tenant   $2 job
SELECT j.id, j.kind, j.target, j.status, j.steps_done, j.steps_total, j.note, j.attempts, j.errors, j.advice,
       j.token_usage, j.cost, j.model_used, j.run_at, j.created_at, j.started_at, j.completed_at, j.updated_at
  FROM read.generation_jobs AS j
 WHERE j.tenant_id = $1::uuid AND j.id = $2::uuid
