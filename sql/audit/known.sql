-- Which of these streams there are.
-- $1 streams
SELECT e.stream_id
  FROM log.events AS e
 WHERE e.stream_id = ANY ($1::uuid[]) AND e.version = 1
