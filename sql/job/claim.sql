-- Claim the next jobs, a lease for each: the tenant with the fewest running goes first, then priority, then age.
-- The jobs of a suspended tenant wait; one that is running already is finished.
-- A job whose lease has run out is free again: its worker is dead, or will find that its token is no longer good. But
-- for a while after a time in which no worker could be heard, everybody keeps what he had.
-- The claim need not be durable: after a crash the job is free again, and this worker's token no longer good.
-- $1 worker   $2 tokens, one per job wanted   $3 seconds a lease lasts   $4 kinds this worker can do
WITH RECURSIVE tenants AS (
    (SELECT q.tenant_id FROM job.queue AS q ORDER BY q.tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT q.tenant_id FROM job.queue AS q WHERE q.tenant_id > t.tenant_id ORDER BY q.tenant_id LIMIT 1)
      FROM tenants AS t
     WHERE t.tenant_id IS NOT NULL
), awake AS MATERIALIZED (
    SELECT t.tenant_id
      FROM tenants AS t
     WHERE NOT EXISTS (SELECT FROM ops.tenants AS s WHERE s.tenant_id = t.tenant_id AND s.state = 'suspended')
), heard AS MATERIALIZED (
    SELECT job.heard($3::float8) AS takes_over
), free AS (
    SELECT f.*, busy.jobs AS busy
      FROM awake AS t
     CROSS JOIN LATERAL (SELECT count(*) AS jobs FROM job.queue AS q
                          WHERE q.tenant_id = t.tenant_id AND q.token IS NOT NULL
                            AND q.available_at > clock_timestamp()) AS busy
     CROSS JOIN LATERAL (SELECT q.job_id, q.tenant_id, q.priority, q.available_at FROM job.queue AS q
                          WHERE q.tenant_id = t.tenant_id AND q.available_at <= clock_timestamp()
                            AND q.kind = ANY ($4::text[])
                            AND (q.token IS NULL OR (SELECT h.takes_over FROM heard AS h))
                          ORDER BY q.priority DESC, q.available_at, q.job_id
                          LIMIT cardinality($2::uuid[])
                            FOR UPDATE SKIP LOCKED) AS f
), queued AS (
    SELECT f.*, f.busy + row_number() OVER (PARTITION BY f.tenant_id
                                            ORDER BY f.priority DESC, f.available_at, f.job_id) AS turn
      FROM free AS f
), chosen AS (
    SELECT c.job_id, ($2::uuid[])[row_number() OVER (ORDER BY c.turn, c.available_at, c.job_id)] AS token
      FROM queued AS c
     ORDER BY c.turn, c.available_at, c.job_id
     LIMIT cardinality($2::uuid[])
)
UPDATE job.queue AS q
   SET token = c.token, worker = $1::text, available_at = clock_timestamp() + make_interval(secs => $3::float8)
  FROM chosen AS c
 WHERE q.job_id = c.job_id AND set_config('synchronous_commit', 'off', true) IS NOT NULL
RETURNING q.job_id, q.tenant_id, q.kind, q.target, q.token
