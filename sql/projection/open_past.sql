-- Begin a past, or take up one that is there already as of the same position.
-- $1 schema   $2 position   $3 time, or NULL   $4 projections   $5 how long it stays
-- $6 tenant who acts   $7 reason   $8 metadata of the event that records it
SELECT ops.open_past($1::text, $2::bigint, $3::timestamptz, $4::text[], $5::interval, $6::uuid, $7::text, $8::jsonb)
