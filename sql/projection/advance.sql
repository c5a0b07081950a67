-- Fold the next events into all generations that follow; upto is NULL where somebody else is at it, and behind names
-- one that has to be brought on.
-- $1 most events   $2 seconds until the next call is to be expected
SELECT after, upto, head, behind FROM ops.advance($1::bigint, $2::float8)
