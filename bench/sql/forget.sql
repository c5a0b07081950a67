-- Make public.forget(name), which drops a generation that a round has built. No parameters.
CREATE OR REPLACE FUNCTION public.forget(name text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', name);
    DELETE FROM ops.generations AS g WHERE g.schema = name;
END
$$
