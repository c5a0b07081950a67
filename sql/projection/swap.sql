-- Let generations serve and point the views at them; false where they did already.
-- $1 schemas   $2 the views' texts   $3 their digest   $4 type of the event that records it, or NULL for none
-- $5 tenant   $6 reason   $7 metadata   $8 whether what served is not to come back by itself
-- $9 milliseconds it may take to lock the views
SELECT ops.swap($1::text[], $2::text, $3::text, $4::text, $5::uuid, $6::text, $7::jsonb, $8::boolean, $9::integer)
