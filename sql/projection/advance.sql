-- Fold the next events into all live projections; upto is NULL where somebody else is at it.
-- $1 most events
SELECT after, upto, head FROM ops.advance($1::bigint)
