-- Drop an analyst's login and record it; returns how many sessions were ended.
-- $1 name   $2 reason   $3 metadata of the event that records it
SELECT ops.drop_analyst($1::text, $2::text, $3::jsonb)
