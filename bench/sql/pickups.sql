-- The median time between creation and start of the last jobs, and how many of them have started.
-- $1 number of jobs   $2 the log's position
SELECT count(s.position) AS jobs,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM s.recorded_at - c.recorded_at) * 1000) AS milliseconds
  FROM (SELECT e.stream_id, e.recorded_at FROM log.events AS e
         WHERE e.type = 'job.created' AND e.position <= $2::bigint ORDER BY e.position DESC LIMIT $1::integer) AS c
  JOIN log.events AS s ON s.stream_id = c.stream_id AND s.type = 'job.started'
