-- Extend leases. A row for each of the jobs that has not ended: is its lease still held, or has another worker the job?
-- Need not be durable: after a crash of the server the leases are simply older.
-- $1 jobs   $2 their tokens   $3 seconds from now
WITH heard AS MATERIALIZED (
    SELECT job.heard($3::float8) AS takes_over, set_config('synchronous_commit', 'off', true)
), extended AS (
    UPDATE job.queue AS q
       SET available_at = clock_timestamp() + make_interval(secs => $3::float8)
      FROM unnest($1::uuid[], $2::uuid[]) AS l (job_id, token)
     CROSS JOIN heard AS h
     WHERE q.job_id = l.job_id AND q.token = l.token AND h.takes_over IS NOT NULL
    RETURNING q.job_id, q.token
)
SELECT l.token, EXISTS (SELECT FROM extended AS e WHERE e.job_id = l.job_id AND e.token = l.token) AS held
  FROM unnest($1::uuid[], $2::uuid[]) AS l (job_id, token)
  JOIN job.queue AS q ON q.job_id = l.job_id
