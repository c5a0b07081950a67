-- How the subscribers do, for operators. No parameters.
SELECT s.name, s.position, t.position AS upto, greatest(t.position - s.position, 0) AS behind,
       CASE WHEN s.held_until > clock_timestamp() THEN s.worker END AS worker,
       s.failures, s.error, s.failed_at, CASE WHEN s.failures > 0 THEN s.retry_at END AS retry_at
  FROM ops.subscribers AS s
 CROSS JOIN ops.tail AS t
 ORDER BY s.name
