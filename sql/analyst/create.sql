-- Create an analyst's login and record it.
-- $1 name   $2 tenant   $3 SCRAM verifier of the password   $4 reason   $5 metadata of the event that records it
SELECT ops.create_analyst($1::text, $2::uuid, $3::text, $4::text, $5::jsonb)
