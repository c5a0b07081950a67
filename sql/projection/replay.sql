-- Put the rows of some streams or tenants right from a scratch generation; what was done, as JSON.
-- $1 scratch schema   $2 schema to put right   $3 streams (NULL: tenants)   $4 tenants
-- $5 type of the event that records it, or NULL for none   $6 tenant who acts   $7 data   $8 metadata
SELECT ops.replay($1::text, $2::text, $3::uuid[], $4::uuid[], $5::text, $6::uuid, $7::jsonb, $8::jsonb)
