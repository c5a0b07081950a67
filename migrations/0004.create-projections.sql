-- Creates what projections stand on: log.slice for folds to read, and the ops functions that install, build,
-- publish and advance them.
-- For the operator: instant; read tables themselves are made at start from sql/, not by migrations.
-- depends: 0003.append-in-batches

CREATE SCHEMA IF NOT EXISTS ops;
CREATE SCHEMA IF NOT EXISTS read;

-- One row: where all live projections stand. heartbeat_at tells a quiet projector from a dead one.
CREATE TABLE IF NOT EXISTS ops.tail (
    singleton    boolean     NOT NULL DEFAULT true,
    position     bigint      NOT NULL DEFAULT 0,
    heartbeat_at timestamptz,
    log_id       uuid        NOT NULL,
    views_digest text        NOT NULL DEFAULT '',
    CONSTRAINT tail_pkey PRIMARY KEY (singleton),
    CONSTRAINT tail_singleton_check CHECK (singleton)
) WITH (fillfactor = 10);
INSERT INTO ops.tail (log_id) SELECT h.id FROM log.head AS h ON CONFLICT DO NOTHING;

-- One row per generation of a projection: a schema that holds its tables and its fold, made from one text.
-- position counts while it is building or stopped; a live one stands at the tail.
CREATE TABLE IF NOT EXISTS ops.generations (
    schema     text        NOT NULL,
    projection text        NOT NULL,
    digest     text        NOT NULL,
    types      text[]      NOT NULL,
    state      text        NOT NULL,
    position   bigint      NOT NULL DEFAULT 0,
    error      text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT generations_pkey PRIMARY KEY (schema),
    CONSTRAINT generations_state_check CHECK (state IN ('building', 'live', 'stopped'))
);
CREATE UNIQUE INDEX IF NOT EXISTS generations_current_idx ON ops.generations (projection) WHERE state <> 'building';

-- Events as the present understands them: every reader, in Python and in SQL, reads data through this function.
CREATE OR REPLACE FUNCTION log.upcast(type text, data jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN data;

-- What a fold reads: the events of positions (after, upto] whose types its projection declares, oldest data upcast,
-- private payloads beside. Plain SQL and stable, so that the planner inlines it into the fold's own query.
CREATE OR REPLACE FUNCTION log.slice(projection text, after bigint, upto bigint)
RETURNS TABLE ("position" bigint, stream_id uuid, version integer, type text, tenant_id uuid,
               data jsonb, private jsonb, metadata jsonb, recorded_at timestamptz)
LANGUAGE sql STABLE
AS $$
    SELECT e.position, e.stream_id, e.version, e.type, e.tenant_id,
           log.upcast(e.type, e.data), p.data, e.metadata, e.recorded_at
      FROM log.events AS e
      LEFT JOIN log.private AS p ON p.position = e.position
     WHERE e.position > slice.after AND e.position <= slice.upto
       AND e.type = ANY ((SELECT g.types FROM ops.generations AS g
                           WHERE g.schema = current_schema() AND g.projection = slice.projection)::text[])
$$;

-- Make a generation's schema from its text, unless it is there. Its fold then finds its own tables by search_path.
CREATE OR REPLACE FUNCTION ops.install(name text, projection text, digest text, types text[], script text) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ops.install'));
    IF EXISTS (SELECT FROM ops.generations AS g WHERE g.schema = install.name) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE SCHEMA %I', name);
    PERFORM set_config('search_path', format('%I, public', name), true);
    EXECUTE script;
    EXECUTE format('ALTER FUNCTION %1$I.fold(bigint, bigint) SET search_path = %1$I, public', name);
    EXECUTE format('ALTER FUNCTION %I.fold(bigint, bigint) SET jit = off', name);
    INSERT INTO ops.generations (schema, projection, digest, types, state)
    VALUES (name, install.projection, install.digest, install.types, 'building');
    RETURN true;
END
$$;

-- Fold the next events into one generation that is building or stopped, up to the tail and not beyond it.
CREATE OR REPLACE FUNCTION ops.build(name text, max_events bigint, OUT reached bigint, OUT tail bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    after bigint;
BEGIN
    SELECT g.position INTO after FROM ops.generations AS g
     WHERE g.schema = build.name AND g.state <> 'live' FOR UPDATE;
    SELECT t.position INTO tail FROM ops.tail AS t;
    IF after IS NULL THEN
        reached := tail;
        RETURN;
    END IF;
    reached := least(after + max_events, tail);
    IF reached > after THEN
        EXECUTE format('SELECT %I.fold($1, $2)', name) USING after, reached;
        UPDATE ops.generations AS g SET position = reached WHERE g.schema = build.name;
    END IF;
END
$$;

-- Put a built generation in the place of the one that serves, or a stopped one back among the live: folds what is
-- left up to the tail, whose lock keeps the others still.
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

-- Drop the views of schema read, newest first, since a view stands on older ones. Whoever reads has locked some of
-- them, in an order of his own, so waiting for one while holding others could end in a deadlock: each try gives up
-- early, lets go of all, and lets the readers through before the next.
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

-- Join generations, and make every view of schema read anew: one plain view per live table, then the analysts'
-- own from script. Returns false where the views already are what digest says. The views go before the tail is
-- locked, so that a long query of an analyst holds up the swap and not the projections.
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

-- Advance all live projections together: fold the next events into each that declares a type among them, and move
-- the tail in the same transaction. Where somebody else is advancing, upto is NULL. A fold that fails is undone
-- alone; its projection steps out at its position with the error, and the others go on.
CREATE OR REPLACE FUNCTION ops.advance(max_events bigint, OUT after bigint, OUT upto bigint, OUT head bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    tail  ops.tail;
    found_types text[];
    g     record;
    code  text;
    fault text;
BEGIN
    SELECT t.* INTO tail FROM ops.tail AS t FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT h.position INTO head FROM log.head AS h;
    after := tail.position;
    IF after > head OR tail.log_id <> (SELECT h.id FROM log.head AS h) THEN
        RAISE EXCEPTION 'The projections stand at position % but the log ends at %, or is another log: an older backup was restored', after, head
            USING ERRCODE = 'data_exception', HINT = 'Drop the generations (run.py projections rebuild) so that they are built from this log.';
    END IF;
    upto := least(after + max_events, head);
    IF upto = after THEN
        UPDATE ops.tail AS t SET heartbeat_at = clock_timestamp();
        RETURN;
    END IF;
    SELECT array_agg(DISTINCT e.type) INTO found_types
      FROM log.events AS e WHERE e.position > advance.after AND e.position <= advance.upto;
    FOR g IN
        SELECT n.schema FROM ops.generations AS n
         WHERE n.state = 'live' AND n.types && found_types ORDER BY n.schema
    LOOP
        BEGIN
            EXECUTE format('SELECT %I.fold($1, $2)', g.schema) USING after, upto;
        EXCEPTION
            WHEN OTHERS THEN
                GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, fault = MESSAGE_TEXT;
                -- Trouble of the moment (lost races, no room, shutdown) is no fault of the fold: try again later.
                IF left(code, 2) IN ('40', '53', '55', '57', '58') THEN
                    RAISE;
                END IF;
                UPDATE ops.generations AS n
                   SET state = 'stopped', position = advance.after, error = format('%s (SQLSTATE %s)', fault, code)
                 WHERE n.schema = g.schema;
        END;
    END LOOP;
    UPDATE ops.tail AS t SET position = upto, heartbeat_at = clock_timestamp();
    PERFORM pg_notify('daybook_tail', upto::text);
END
$$;

-- For analysts: how far each projection has come, how old its oldest unfolded event is, and whether anybody is at work.
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

-- Generations are schemas, and installing one is the service's work.
DO $$
BEGIN
    EXECUTE format('GRANT CREATE ON DATABASE %I TO daybook_service', current_database());
END
$$;
GRANT USAGE, CREATE ON SCHEMA ops, read TO daybook_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.tail, ops.generations TO daybook_service;
GRANT SELECT ON read.freshness TO daybook_service;
