-- Make the views of a past whose generations are built.
-- $1 schema   $2 the analysts' views' texts   $3 how long it stays
SELECT ops.show_past($1::text, $2::text, $3::interval)
