-- How far each projection has come, for operators; ages are in seconds. No parameters.
SELECT name, state, position, head, lag, generation, error,
       extract(epoch FROM age)::float8 AS age, extract(epoch FROM heartbeat_age)::float8 AS heartbeat_age
  FROM read.freshness
 ORDER BY name
