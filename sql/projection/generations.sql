-- Every generation there is, and its state. No parameters.
SELECT schema, projection, digest, types, script, indexes, role, state, position, error, rejected_at
  FROM ops.generations
 ORDER BY projection, created_at
