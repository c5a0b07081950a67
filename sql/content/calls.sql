-- The calls that led to an artefact: those that it names, and those of its job with one of their requests, such as a call
-- that was lost with its worker.
-- $1 tenant   $2 job   $3 calls   $4 request's hash
SELECT c.call_id, c.called_at, c.provider, c.model_asked, c.model_returned, c.prompt_id, c.purpose, c.outcome,
       c.tokens_in, c.tokens_out, c.cost, c.ms, c.position
  FROM read.llm_calls AS c
 WHERE c.tenant_id = $1::uuid
   AND (c.call_id = ANY ($3::uuid[])
        OR c.job_id = $2::uuid
           AND (c.prompt_hash = nullif($4::text, '')
                OR c.prompt_hash IN (SELECT n.prompt_hash FROM read.llm_calls AS n
                                      WHERE n.tenant_id = $1::uuid AND n.call_id = ANY ($3::uuid[]))))
 ORDER BY c.position
