-- Every generation there is, and its state. No parameters.
SELECT schema, projection, digest, state, position FROM ops.generations ORDER BY projection, created_at
