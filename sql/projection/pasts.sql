-- Every past there is, oldest first.
-- $1 schema (NULL: every one)
SELECT p.schema, p.position, p.moment, p.projections, p.state, p.actor, p.reason, p.created_at, p.expires_at
  FROM ops.pasts AS p
 WHERE $1::text IS NULL OR p.schema = $1::text
 ORDER BY p.created_at
