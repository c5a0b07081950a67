-- Drop a generation that a round has built.
-- $1 schema
SELECT public.forget($1::text)
