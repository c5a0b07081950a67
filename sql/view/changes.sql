-- The rows of a view that changed after a position; the first row says up to where the answer is complete.
-- $1 view   $2 who is interested in what, as [{"tenant", "filters", "columns"}]   $3 after this position (NULL: no rows)
-- $4 and after the row of this key at that position (NULL: after all of it)   $5 up to this position (NULL: all there is)
-- $6 most rows
SELECT c.position, c.key, c.interest, c.body
  FROM ops.changes($1::text, $2::jsonb, $3::bigint, $4::text[], $5::bigint, $6::integer) AS c
