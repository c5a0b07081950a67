-- Every generation that is somebody's to read or to swap in, and where it stands; the serving ones first.
-- $1 projection (NULL: every one)
SELECT g.projection, g.schema, g.role, g.state, g.types, ops.standing(g.schema) AS position
  FROM ops.generations AS g
 WHERE g.role IN ('serving', 'candidate', 'previous') AND ($1::text IS NULL OR g.projection = $1::text)
 ORDER BY g.role <> 'serving', g.projection, g.created_at
