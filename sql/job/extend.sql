-- Extend leases, and say which are still held; the others belong to somebody else, or their job has ended.
-- Need not be durable: after a crash of the server the leases are simply older.
-- $1 jobs   $2 their tokens   $3 seconds from now
UPDATE job.queue AS q
   SET available_at = clock_timestamp() + make_interval(secs => $3::float8)
  FROM unnest($1::uuid[], $2::uuid[]) AS l (job_id, token)
 WHERE q.job_id = l.job_id AND q.token = l.token AND set_config('synchronous_commit', 'off', true) IS NOT NULL
RETURNING q.job_id
