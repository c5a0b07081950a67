-- Make a generation's schema from its text; true where it was not there yet.
-- $1 schema   $2 projection   $3 digest of the text   $4 event types it folds   $5 the text
SELECT ops.install($1::text, $2::text, $3::text, $4::text[], $5::text)
