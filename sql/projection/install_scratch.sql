-- Make an empty scratch generation from the text of another, and return its schema.
-- $1 schema of the other   $2 last position, or NULL   $3 tenants, or NULL for all
SELECT ops.install_scratch($1::text, $2::bigint, $3::uuid[])
