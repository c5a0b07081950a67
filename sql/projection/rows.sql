-- Rows of a view of schema read by the values of some columns, as JSON.
-- $1 view   $2 columns and their values   $3 tenant (NULL: any)   $4 most rows
SELECT r FROM ops.find_rows('read', $1::text, $2::jsonb, $3::uuid, $4::integer) AS r
