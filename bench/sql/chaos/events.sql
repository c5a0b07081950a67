-- What has happened to courses, textbooks and jobs after a position.
-- $1 position
SELECT e.position, e.stream_id, e.category, e.type, e.data, extract(epoch FROM e.recorded_at)::float8 AS at
  FROM log.events AS e
 WHERE e.position > $1 AND e.category IN ('course', 'textbook', 'job')
 ORDER BY e.position
