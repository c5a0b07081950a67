-- Take the serving generation of a projection out of the advance; false where it was not in it.
-- $1 projection   $2 tenant who acts   $3 reason   $4 metadata of the event that records it
SELECT ops.pause($1::text, $2::uuid, $3::text, $4::jsonb)
