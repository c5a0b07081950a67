-- How far each projection has come, for operators; times are in seconds. No parameters.
SELECT f.name, f.state, f.position, f.head, f.lag, f.generation, g.error,
       extract(epoch FROM f.age)::float8 AS age, extract(epoch FROM f.heartbeat_age)::float8 AS heartbeat_age,
       extract(epoch FROM clock_timestamp() - t.due_at)::float8 AS overdue,
       (SELECT count(*) FROM ops.parked AS k WHERE k.schema = f.generation)::integer AS parked
  FROM read.freshness AS f
 CROSS JOIN ops.tail AS t
  LEFT JOIN ops.generations AS g ON g.schema = f.generation
 ORDER BY f.name
