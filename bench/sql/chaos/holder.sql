-- The worker that has a job now, by the name it goes by.
-- $1 job
SELECT q.worker FROM job.queue AS q WHERE q.job_id = $1::uuid AND q.token IS NOT NULL
