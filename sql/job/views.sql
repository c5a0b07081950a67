-- What analysts read of jobs, beside the plain view of generation_jobs.

CREATE VIEW v_job_queue WITH (security_invoker = true) AS
SELECT id, tenant_id, kind, target, status, steps_done, steps_total, note, attempts, worker, run_at, created_at, started_at,
       position
  FROM generation_jobs
 WHERE status IN ('QUEUED', 'RUNNING');
COMMENT ON VIEW v_job_queue IS 'Jobs that are waiting or running now, with the step each has reached.';

CREATE VIEW v_failures WITH (security_invoker = true) AS
SELECT tenant_id, kind, errors[cardinality(errors)] AS error, count(*) AS jobs,
       max(completed_at) AS last_seen, max(position) AS position
  FROM generation_jobs
 WHERE status = 'FAILED'
 GROUP BY tenant_id, kind, errors[cardinality(errors)];
COMMENT ON VIEW v_failures IS 'Why jobs failed: one row per error and kind, how many jobs, and when it was last seen.';

CREATE VIEW v_generation_latency WITH (security_invoker = true) AS
SELECT tenant_id, kind, model_used, count(*) AS jobs,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM completed_at - created_at)) AS p50_seconds,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM completed_at - created_at)) AS p95_seconds,
       max(position) AS position
  FROM generation_jobs
 WHERE status = 'COMPLETED'
 GROUP BY tenant_id, kind, model_used;
COMMENT ON VIEW v_generation_latency IS 'Seconds from a job''s request to its completion, median and 95th percentile, by kind and model.';
