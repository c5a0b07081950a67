-- Take an event out of a projection; false where it was taken out before, or is not there.
-- $1 projection   $2 position   $3 actor   $4 reason
SELECT ops.discard($1::text, $2::bigint, $3::text, $4::text)
