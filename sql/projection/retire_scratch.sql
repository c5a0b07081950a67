-- Give a scratch generation up, so that the next sweep drops it.
-- $1 schema
SELECT ops.retire_scratch($1::text)
