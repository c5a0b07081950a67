-- Fold the next events into a generation that does not follow: how far it is, how far it is to go, and its state.
-- $1 schema   $2 most events
SELECT b.reached, b.goal, b.state, b.error, b.built, g.role
  FROM ops.build($1::text, $2::bigint) AS b
  LEFT JOIN ops.generations AS g ON g.schema = $1::text
