-- Drop a generation that does not serve, with its schema, and record who did it and why.
-- $1 schema   $2 its projection   $3 tenant who acts   $4 data   $5 metadata of the event that records it
SELECT ops.drop_generation($1::text), ops.record($2::text, 'projection.dropped', $3::uuid, $4::jsonb, $5::jsonb)
