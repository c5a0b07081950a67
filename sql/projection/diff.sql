-- How two generations differ, as JSON, seen in one snapshot.
-- $1 left schema   $2 right schema   $3 most keys to name of each kind
SELECT ops.diff($1::text, $2::text, $3::integer)
