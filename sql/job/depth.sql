-- How many jobs wait and how many are being worked on, over all tenants. No parameters.
SELECT CASE WHEN q.token IS NULL THEN 'queued' ELSE 'running' END AS status, count(*) AS jobs
  FROM job.queue AS q
 GROUP BY 1
