-- Let a paused or stopped projection catch up and advance again; false where it was neither.
-- $1 projection   $2 tenant who acts   $3 reason   $4 metadata of the event that records it
SELECT ops.resume($1::text, $2::uuid, $3::text, $4::jsonb)
