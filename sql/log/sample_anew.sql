-- Make PostgreSQL take its samples anew where there is something in them like what is looked for; returns of how many tables.
-- $1 LIKE patterns
SELECT ops.sample_anew($1::text[])
