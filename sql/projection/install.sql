-- Make a generation's schema from its text; true where it was not there yet.
-- $1 schema   $2 projection   $3 digest of the text   $4 event types it folds   $5 the text   $6 the text of its indexes
-- $7 role   $8 last position, or NULL   $9 tenants, or NULL for all
SELECT ops.install($1::text, $2::text, $3::text, $4::text[], $5::text, $6::text, $7::text, $8::bigint, $9::uuid[])
