-- Fold the next events into a scratch generation, and keep it from being swept for another hour.
-- $1 schema   $2 most events
SELECT reached, goal, state, error, built FROM ops.build_scratch($1::text, $2::bigint)
