-- The job was taken up again.
-- $1 job   $2 tenant   $3 position   $4 recorded at   $5 data, a JSON text
UPDATE generation_jobs AS j
   SET status = 'QUEUED', advice = NULL, run_at = NULL, completed_at = NULL,
       position = $3::bigint, updated_at = $4::timestamptz
 WHERE j.id = $1::uuid AND j.tenant_id = $2::uuid AND j.position < $3::bigint AND $5::text IS NOT NULL
