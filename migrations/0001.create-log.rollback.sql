-- Drops the log, and refuses while it holds an event: facts are never rolled back.
DO $$
BEGIN
    IF EXISTS (SELECT FROM log.events) THEN
        RAISE EXCEPTION 'The log holds events, so it is not dropped; export them first (run.py log export) and drop the schema by hand';
    END IF;
END
$$;
DROP SCHEMA IF EXISTS log CASCADE;
