-- Drop a past; false where there is none of that name.
-- $1 schema
SELECT ops.drop_past($1::text)
