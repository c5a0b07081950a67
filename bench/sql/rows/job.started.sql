-- A worker took the job up.
-- $1 job   $2 tenant   $3 position   $4 recorded at   $5 data, a JSON text
UPDATE generation_jobs AS j
   SET status = 'RUNNING', attempts = (e.data ->> 'attempt')::integer, worker = e.data ->> 'worker', advice = NULL, run_at = NULL,
       completed_at = NULL, started_at = coalesce(j.started_at, $4::timestamptz),
       position = $3::bigint, updated_at = $4::timestamptz
  FROM (SELECT $5::text::jsonb AS data) AS e
 WHERE j.id = $1::uuid AND j.tenant_id = $2::uuid AND j.position < $3::bigint
