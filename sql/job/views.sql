-- What analysts read of jobs, beside the plain view of generation_jobs.

CREATE VIEW v_job_queue WITH (security_invoker = true) AS
SELECT id, tenant_id, kind, target, status, steps_done, steps_total, note, attempts, worker, run_at, created_at, started_at,
       position
  FROM generation_jobs
 WHERE status IN ('QUEUED', 'RUNNING');
COMMENT ON VIEW v_job_queue IS 'Jobs that are waiting or running now, with the step each has reached. Key: id.';
COMMENT ON COLUMN v_job_queue.kind IS 'What is made: course or textbook, or lesson or chapter for one that is made anew.';
COMMENT ON COLUMN v_job_queue.target IS 'The id of what it is made for, such as a course.';
COMMENT ON COLUMN v_job_queue.status IS 'QUEUED or RUNNING.';
COMMENT ON COLUMN v_job_queue.attempts IS 'How often a worker has taken it up.';
COMMENT ON COLUMN v_job_queue.worker IS 'Who took it up last; empty while nobody has.';
COMMENT ON COLUMN v_job_queue.run_at IS 'When it is tried again after an attempt that failed or was turned away for a while; empty if none was, and while it runs.';
COMMENT ON COLUMN v_job_queue.started_at IS 'When its first attempt began.';

CREATE VIEW v_failures WITH (security_invoker = true) AS
SELECT j.tenant_id, j.kind, f.error, count(*) AS failures, count(DISTINCT j.id) AS jobs,
       count(DISTINCT j.id) FILTER (WHERE j.status = 'FAILED' AND f.number = cardinality(j.errors)) AS jobs_failed,
       min(f.at) AS first_seen, max(f.at) AS last_seen, max(j.position) AS position
  FROM generation_jobs AS j
 CROSS JOIN LATERAL unnest(j.errors, j.failed_at) WITH ORDINALITY AS f (error, at, number)
 GROUP BY j.tenant_id, j.kind, f.error;
COMMENT ON VIEW v_failures IS
    'Why attempts at jobs failed: one row per error and kind, how often, and when it was last seen. Key: tenant_id, kind, error.';
COMMENT ON COLUMN v_failures.failures IS 'Attempts that failed by it, those of jobs that went well later too.';
COMMENT ON COLUMN v_failures.jobs IS 'How many jobs they belong to.';
COMMENT ON COLUMN v_failures.jobs_failed IS 'Jobs that stand failed by it now.';

CREATE VIEW v_generation_latency WITH (security_invoker = true) AS
SELECT tenant_id, kind, coalesce(model_used, 'none') AS model_used, count(*) AS jobs,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM completed_at - created_at)) AS p50_seconds,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM completed_at - created_at)) AS p95_seconds,
       max(position) AS position
  FROM generation_jobs
 WHERE status = 'COMPLETED'
 GROUP BY tenant_id, kind, coalesce(model_used, 'none');
COMMENT ON VIEW v_generation_latency IS
    'Seconds from a job''s request to its completion, median and 95th percentile, by kind and model. Key: tenant_id, kind, model_used.';
COMMENT ON COLUMN v_generation_latency.model_used IS 'The language model that answered last for the job; none where none did.';
COMMENT ON COLUMN v_generation_latency.jobs IS 'Completed jobs.';
COMMENT ON COLUMN v_generation_latency.p50_seconds IS 'Half of the jobs were completed within so many seconds of their request, waiting and retries included.';
COMMENT ON COLUMN v_generation_latency.p95_seconds IS 'Of 20 jobs 19 were completed within so many seconds of their request, waiting and retries included.';
