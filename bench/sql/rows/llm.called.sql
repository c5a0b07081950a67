-- A language model was called for a job, or for something else.
-- $1 ledger   $2 tenant   $3 position   $4 recorded at   $5 data, a JSON text
UPDATE generation_jobs AS j
   SET token_usage = j.token_usage + (e.data ->> 'tokens_in')::bigint + (e.data ->> 'tokens_out')::bigint,
       cost = j.cost + coalesce((e.data ->> 'cost')::numeric, 0),
       model_used = coalesce(nullif(e.data ->> 'model_returned', ''), j.model_used),
       position = $3::bigint, updated_at = $4::timestamptz
  FROM (SELECT $5::text::jsonb AS data) AS e
 WHERE j.id = (e.data ->> 'job_id')::uuid AND j.tenant_id = $2::uuid AND j.position < $3::bigint
   AND $1::uuid IS NOT NULL
