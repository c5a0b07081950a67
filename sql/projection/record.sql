-- Record what an operator has done.
-- $1 projection   $2 type of the event   $3 tenant who acts   $4 data   $5 metadata
SELECT ops.record($1::text, $2::text, $3::uuid, $4::jsonb, $5::jsonb)
