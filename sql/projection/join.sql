-- Let a built generation follow the tail.
-- $1 schema
SELECT ops.join($1::text)
