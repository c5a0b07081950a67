-- Drops every projection, its views and the engine. Nothing is lost: all of it is made again from the log.
DO $$
DECLARE
    g record;
BEGIN
    FOR g IN SELECT schema FROM ops.generations LOOP
        EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', g.schema);
    END LOOP;
END
$$;
DO $$
BEGIN
    EXECUTE format('REVOKE CREATE ON DATABASE %I FROM daybook_service', current_database());
END
$$;
DROP SCHEMA IF EXISTS read CASCADE;
DROP SCHEMA IF EXISTS ops CASCADE;
DROP FUNCTION IF EXISTS log.slice;
DROP FUNCTION IF EXISTS log.upcast;
