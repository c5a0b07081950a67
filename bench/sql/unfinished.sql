-- How many jobs are not over, and the log's position. No parameters.
SELECT (SELECT count(*) FROM job.queue) AS jobs, (SELECT h.position FROM log.head AS h) AS position
