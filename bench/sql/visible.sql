-- How many courses were requested, and how many of them and of their jobs the views show. No parameters.
SELECT (SELECT count(*) FROM log.events AS e WHERE e.type = 'course.requested') AS requested,
       (SELECT count(*) FROM read.courses) AS courses, (SELECT count(*) FROM read.generation_jobs) AS jobs
