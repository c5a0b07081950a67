-- Fold the next events into a generation that does not serve yet: how far it is, and how far the tail.
-- $1 schema   $2 most events
SELECT reached, tail FROM ops.build($1::text, $2::bigint)
