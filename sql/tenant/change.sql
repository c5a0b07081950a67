-- Change a tenant and record it: the position of the event, and what came of it.
-- $1 tenant   $2 type of the event   $3 what changes, and why   $4 metadata
SELECT c.position, c.outcome FROM ops.change_tenant($1::uuid, $2::text, $3::jsonb, $4::jsonb) AS c
