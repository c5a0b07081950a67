-- Takes back the swap of generations; what operators did stays in the log.
DROP VIEW read.generations;
CREATE OR REPLACE VIEW read.freshness AS
SELECT g.projection AS name, g.state, p.position, h.position AS head, h.position - p.position AS lag,
       coalesce(clock_timestamp() - e.recorded_at, interval '0') AS age,
       clock_timestamp() - t.heartbeat_at AS heartbeat_age, g.schema AS generation, g.error
  FROM ops.generations AS g
 CROSS JOIN ops.tail AS t
 CROSS JOIN log.head AS h
 CROSS JOIN LATERAL (SELECT CASE g.state WHEN 'live' THEN t.position ELSE g.position END AS position) AS p
  LEFT JOIN log.events AS e ON e.position = p.position + 1;
COMMENT ON VIEW read.freshness IS
    'One row per projection: the position it has folded, the log''s head, lag in events, age of the oldest event not yet folded, and the time since the projector''s last sign of life.';
DROP FUNCTION ops.reticent(text);
DROP FUNCTION ops.reset(uuid, text, jsonb);
DROP FUNCTION ops.resume(text, uuid, text, jsonb);
DROP FUNCTION ops.pause(text, uuid, text, jsonb);
DROP FUNCTION ops.swap(text[], text, text, text, uuid, text, jsonb, boolean, integer);
DROP FUNCTION ops.remake_views(text[], integer);
DROP FUNCTION ops.drop_views(integer);
DROP FUNCTION ops.lock_views(name[], integer);
DROP FUNCTION ops.point_views(text, text);
DROP FUNCTION ops.shape(text);
DROP FUNCTION ops.record(text, text, uuid, jsonb, jsonb);
REVOKE ALL ON ops.parked, ops.discarded, ops.blocks, ops.gates FROM daybook_service;

CREATE OR REPLACE FUNCTION ops.drop_views() RETURNS void
LANGUAGE plpgsql
SET lock_timeout = '100ms'
AS $$
DECLARE
    item record;
BEGIN
    LOOP
        BEGIN
            FOR item IN
                SELECT c.relname FROM pg_class AS c
                 WHERE c.relnamespace = 'read'::regnamespace AND c.relkind = 'v' AND c.relname <> 'freshness'
                 ORDER BY c.oid DESC
            LOOP
                EXECUTE format('DROP VIEW IF EXISTS read.%I CASCADE', item.relname);
            END LOOP;
            RETURN;
        EXCEPTION
            WHEN lock_not_available OR deadlock_detected THEN
                PERFORM pg_sleep(0.05);
        END;
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION ops.promote(name text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    old record;
BEGIN
    PERFORM FROM ops.tail FOR UPDATE;
    PERFORM ops.build(name, 9223372036854775807 / 2);
    FOR old IN
        SELECT o.schema FROM ops.generations AS o JOIN ops.generations AS g ON g.projection = o.projection
         WHERE g.schema = name AND o.schema <> name
    LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', old.schema);
        DELETE FROM ops.generations AS g WHERE g.schema = old.schema;
    END LOOP;
    UPDATE ops.generations AS g SET state = 'live', error = NULL WHERE g.schema = name;
END
$$;

CREATE OR REPLACE FUNCTION ops.publish(names text[], script text, digest text) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    name  text;
    item  record;
    same  boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ops.publish'));
    SELECT t.views_digest = digest INTO same FROM ops.tail AS t;
    IF NOT same THEN
        PERFORM ops.drop_views();
    END IF;
    PERFORM FROM ops.tail FOR UPDATE;
    FOREACH name IN ARRAY names LOOP
        PERFORM ops.promote(name);
    END LOOP;
    IF same THEN
        RETURN false;
    END IF;
    FOR item IN
        SELECT t.schemaname, t.tablename FROM pg_tables AS t JOIN ops.generations AS g ON g.schema = t.schemaname
         WHERE g.state <> 'building' ORDER BY t.tablename
    LOOP
        EXECUTE format('CREATE VIEW read.%2$I WITH (security_invoker = true) AS SELECT * FROM %1$I.%2$I',
                       item.schemaname, item.tablename);
    END LOOP;
    PERFORM set_config('search_path', 'read, public', true);
    EXECUTE script;
    UPDATE ops.tail SET views_digest = digest;
    RETURN true;
END
$$;
UPDATE ops.tail SET views_digest = '';
