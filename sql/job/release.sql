-- Give leases back, so that another worker takes the jobs up at once.
-- $1 jobs   $2 their tokens
UPDATE job.queue AS q
   SET token = NULL, worker = NULL, available_at = clock_timestamp()
  FROM unnest($1::uuid[], $2::uuid[]) AS l (job_id, token)
 WHERE q.job_id = l.job_id AND q.token = l.token
RETURNING q.job_id, pg_notify('daybook_queue', '')
