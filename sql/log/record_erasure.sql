-- Append the report of an erasure to the erasure's own stream.
-- $1 account   $2 type   $3 tenant   $4 report   $5 metadata
SELECT ops.record($1::text, $2::text, $3::uuid, $4::jsonb, $5::jsonb)
