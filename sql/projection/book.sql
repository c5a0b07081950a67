-- Every generation as operators see it, those that serve first; times are in seconds; error_for_all quotes no data. No parameters.
SELECT g.projection, g.generation, g.role, g.state, g.position, g.goal, g.events_per_second,
       extract(epoch FROM g.remaining)::float8 AS remaining_seconds, g.parked, o.error, g.error AS error_for_all,
       g.created_at, g.built_at
  FROM read.generations AS g
  JOIN ops.generations AS o ON o.schema = g.generation
 ORDER BY g.projection, array_position(ARRAY['serving', 'candidate', 'previous', 'scratch', 'retired'], g.role), g.created_at
