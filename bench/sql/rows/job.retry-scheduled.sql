-- An attempt failed; the next is due.
-- $1 job   $2 tenant   $3 position   $4 recorded at   $5 data, a JSON text
UPDATE generation_jobs AS j
   SET status = 'QUEUED', advice = NULL, run_at = (e.data ->> 'at')::timestamptz, completed_at = NULL,
       errors = j.errors || (e.data ->> 'error'), failed_at = j.failed_at || $4::timestamptz,
       position = $3::bigint, updated_at = $4::timestamptz
  FROM (SELECT $5::text::jsonb AS data) AS e
 WHERE j.id = $1::uuid AND j.tenant_id = $2::uuid AND j.position < $3::bigint
