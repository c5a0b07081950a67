-- Keeps several generations of a projection: they are built, compared, swapped and rolled back; poison is parked.
-- For the operator: reads the types of the log once (a second for a million events). The next start builds every
-- projection anew beside the one that serves, since generations now keep their texts.
-- depends: 0005.guard-tenants

-- role says what a generation is for: serving, candidate (to be swapped in), previous (to roll back to), scratch
-- (an operator's own), retired (to be dropped). state says how it moves: building, following (with the tail),
-- behind (being brought to the tail), paused, stopped (error says why). position counts unless it follows.
ALTER TABLE ops.generations
    DROP CONSTRAINT generations_state_check,
    ADD script text NOT NULL DEFAULT '',
    ADD indexes text NOT NULL DEFAULT '',
    ADD role text NOT NULL DEFAULT 'candidate',
    ADD upto bigint,
    ADD tenants uuid[],
    ADD rate double precision,
    ADD built_at timestamptz,
    ADD rejected_at timestamptz;
DROP INDEX ops.generations_current_idx;
UPDATE ops.generations SET role = CASE state WHEN 'building' THEN 'candidate' ELSE 'serving' END,
       state = CASE state WHEN 'live' THEN 'following' WHEN 'stopped' THEN 'behind' ELSE state END;
ALTER TABLE ops.generations
    ADD CONSTRAINT generations_role_check CHECK (role IN ('serving', 'candidate', 'previous', 'scratch', 'retired')),
    ADD CONSTRAINT generations_state_check CHECK (state IN ('building', 'following', 'behind', 'paused', 'stopped'));
CREATE UNIQUE INDEX generations_serving_idx ON ops.generations (projection) WHERE role = 'serving';
CREATE UNIQUE INDEX generations_previous_idx ON ops.generations (projection) WHERE role = 'previous';

-- due_at: when whoever advances has promised to be back. A quiet projector may rest; one that is late is dead.
-- secret: signs the notifications of the tail, since any login of the database may send one that looks like it.
ALTER TABLE ops.tail ADD due_at timestamptz, ADD secret uuid NOT NULL DEFAULT gen_random_uuid();

-- Rows to lock so that one comes after another. Advisory locks are for everybody who may log in, analysts too.
CREATE TABLE IF NOT EXISTS ops.gates (
    name text NOT NULL,
    CONSTRAINT gates_pkey PRIMARY KEY (name)
);
INSERT INTO ops.gates (name) VALUES ('install'), ('swap') ON CONFLICT DO NOTHING;

-- A stream that a generation folds no further than before this position, because the fold fails on that event.
CREATE TABLE IF NOT EXISTS ops.parked (
    schema     text        NOT NULL,
    projection text        NOT NULL,
    stream_id  uuid        NOT NULL,
    position   bigint      NOT NULL,
    type       text        NOT NULL,
    error      text        NOT NULL,
    parked_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT parked_pkey PRIMARY KEY (schema, stream_id),
    CONSTRAINT parked_schema_fkey FOREIGN KEY (schema) REFERENCES ops.generations (schema) ON DELETE CASCADE
);

-- An event that an operator has taken out of one projection for good; the log keeps it.
CREATE TABLE IF NOT EXISTS ops.discarded (
    projection   text        NOT NULL,
    position     bigint      NOT NULL,
    stream_id    uuid        NOT NULL,
    actor        text        NOT NULL,
    reason       text        NOT NULL,
    discarded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT discarded_pkey PRIMARY KEY (projection, position)
);

-- Which types occur in the positions 4096 * block and on, complete up to the tail: a projection of rare events is
-- built without reading the rest of the log, and the append path pays for no index of types.
CREATE TABLE IF NOT EXISTS ops.blocks (
    block bigint NOT NULL,
    types text[] NOT NULL,
    CONSTRAINT blocks_pkey PRIMARY KEY (block)
);
INSERT INTO ops.blocks (block, types)
SELECT e.position / 4096, array_agg(DISTINCT e.type)
  FROM log.events AS e
 WHERE e.position <= (SELECT t.position FROM ops.tail AS t)
 GROUP BY e.position / 4096;

-- What a fold reads: the events of positions (after, upto] that its generation folds, oldest data upcast, private
-- payloads beside. Plain SQL and stable, so that the planner inlines it into the fold's own query; the subqueries on
-- the generation are read once a statement.
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
       AND (e.type = ANY ((SELECT g.types FROM ops.generations AS g
                            WHERE g.schema = current_schema() AND g.projection = slice.projection)::text[])
            OR (SELECT '*' = ANY (g.types) FROM ops.generations AS g
                 WHERE g.schema = current_schema() AND g.projection = slice.projection))
       AND ((SELECT g.tenants FROM ops.generations AS g WHERE g.schema = current_schema()) IS NULL
            OR e.tenant_id = ANY ((SELECT g.tenants FROM ops.generations AS g WHERE g.schema = current_schema())::uuid[]))
       AND (e.stream_id NOT IN (SELECT k.stream_id FROM ops.parked AS k WHERE k.schema = current_schema())
            OR e.position < (SELECT k.position FROM ops.parked AS k
                              WHERE k.schema = current_schema() AND k.stream_id = e.stream_id))
       AND e.position NOT IN (SELECT d.position FROM ops.discarded AS d WHERE d.projection = slice.projection)
$$;

-- Make a generation's schema from its text, unless it is there. Its fold then finds its own tables by search_path.
DROP FUNCTION ops.install(text, text, text, text[], text);
CREATE FUNCTION ops.install(
    name text, projection text, digest text, types text[], script text, indexes text,
    role text DEFAULT 'candidate', upto bigint DEFAULT NULL, tenants uuid[] DEFAULT NULL
) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM ops.gates WHERE gates.name = 'install' FOR UPDATE;
    PERFORM ops.drop_generation(g.schema) FROM ops.generations AS g
      WHERE g.schema = install.name AND g.role = 'retired';
    IF EXISTS (SELECT FROM ops.generations AS g WHERE g.schema = install.name) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE SCHEMA %I', name);
    PERFORM set_config('search_path', format('%I, public', name), true);
    EXECUTE script;
    EXECUTE format('ALTER FUNCTION %1$I.fold(bigint, bigint) SET search_path = %1$I, public', name);
    EXECUTE format('ALTER FUNCTION %I.fold(bigint, bigint) SET jit = off', name);
    PERFORM ops.guard(name);
    INSERT INTO ops.generations (schema, projection, digest, types, state, script, indexes, role, upto, tenants)
    VALUES (name, install.projection, install.digest, install.types, 'building', install.script, install.indexes,
            install.role, install.upto, install.tenants);
    RETURN true;
END
$$;

CREATE FUNCTION ops.drop_generation(name text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF EXISTS (SELECT FROM ops.generations AS g WHERE g.schema = name AND g.role = 'serving') THEN
        RAISE EXCEPTION 'The generation % serves, so it is not dropped; swap another in first', name;
    END IF;
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', name);
    DELETE FROM ops.generations AS g WHERE g.schema = name;
END
$$;

-- Drop what is retired; what a reader still holds is left for the next time.
CREATE FUNCTION ops.sweep() RETURNS integer
LANGUAGE plpgsql
SET lock_timeout = '100ms'
AS $$
DECLARE
    name  text;
    swept integer := 0;
BEGIN
    FOR name IN SELECT g.schema FROM ops.generations AS g WHERE g.role = 'retired' FOR UPDATE SKIP LOCKED LOOP
        BEGIN
            PERFORM ops.drop_generation(name);
            swept := swept + 1;
        EXCEPTION
            WHEN lock_not_available OR deadlock_detected THEN NULL;
        END;
    END LOOP;
    RETURN swept;
END
$$;

-- Fold (after, upto], or as much of it as goes. A range that fails is halved until one event is left that fails by
-- itself: its stream is parked for this generation, and everything else goes on. Returns how far it came; where that
-- is no further than after, the generation has been stopped: the fold itself is broken, not an event.
CREATE FUNCTION ops.fold_or_park(name text, after bigint, INOUT upto bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    code  text;
    fault text;
BEGIN
    LOOP
        BEGIN
            EXECUTE format('SELECT %I.fold($1, $2)', name) USING after, upto;
            RETURN;
        EXCEPTION
            WHEN OTHERS THEN
                GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, fault = MESSAGE_TEXT;
                -- Trouble of the moment (lost races, no room, shutdown) is no fault of the fold: try again later.
                IF left(code, 2) IN ('40', '53', '55', '57', '58') THEN
                    RAISE;
                END IF;
        END;
        fault := format('%s (SQLSTATE %s)', fault, code);
        IF upto - after > 1 AND left(code, 2) <> '42' THEN
            upto := after + (upto - after) / 2;
        ELSIF left(code, 2) = '42' OR NOT ops.park(name, upto, fault) THEN
            UPDATE ops.generations AS g SET state = 'stopped', position = after, error = fault WHERE g.schema = name;
            upto := after;
            RETURN;
        END IF;
    END LOOP;
END
$$;

-- Park the stream of an event; false where that would not help, or where so many are parked that the fold is to blame.
CREATE FUNCTION ops.park(name text, "position" bigint, fault text) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    most CONSTANT integer := 100;
BEGIN
    INSERT INTO ops.parked (schema, projection, stream_id, position, type, error)
    SELECT g.schema, g.projection, e.stream_id, e.position, e.type, fault
      FROM ops.generations AS g
      JOIN log.events AS e ON e.position = park.position AND (e.type = ANY (g.types) OR '*' = ANY (g.types))
     WHERE g.schema = name
        ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN (SELECT count(*) FROM ops.parked AS k WHERE k.schema = name) <= most;
    END IF;
    DELETE FROM ops.parked AS k WHERE k.schema = name AND k.position = park.position;
    RETURN false;
END
$$;

-- What makes a loaded generation fit for readers: its indexes, one by position for those who follow changes, and the
-- planner's statistics.
CREATE FUNCTION ops.finish(name text, indexes text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    item record;
BEGIN
    PERFORM set_config('search_path', format('%I, public', name), true);
    EXECUTE indexes;
    FOR item IN SELECT t.tablename FROM pg_tables AS t WHERE t.schemaname = name LOOP
        EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %I.%I (position)', left(item.tablename, 45) || '_changed_idx', name, item.tablename);
        EXECUTE format('ANALYZE %I.%I', name, item.tablename);
    END LOOP;
END
$$;

-- Fold the next events into a generation that does not follow: up to the tail, or to where it is to end. Blocks that
-- hold none of its types are passed over. While somebody else folds it, only says how far it is.
DROP FUNCTION ops.build(text, bigint);
CREATE FUNCTION ops.build(name text, max_events bigint, OUT reached bigint, OUT goal bigint, OUT state text, OUT error text, OUT built boolean)
LANGUAGE plpgsql
AS $$
DECLARE
    g     ops.generations;
    begun timestamptz := clock_timestamp();
    first bigint;
BEGIN
    SELECT n.* INTO g FROM ops.generations AS n
     WHERE n.schema = build.name AND n.state IN ('building', 'behind') FOR UPDATE SKIP LOCKED;
    SELECT least(t.position, g.upto) INTO goal FROM ops.tail AS t;
    IF g.schema IS NOT NULL THEN
        -- What a crash takes back goes together, rows and position: no need to wait for the disk.
        PERFORM set_config('synchronous_commit', 'off', true);
        reached := g.position;
        IF reached < goal THEN
            SELECT min(b.block) * 4096 - 1 INTO first FROM ops.blocks AS b
             WHERE b.block >= (g.position + 1) / 4096 AND (b.types && g.types OR '*' = ANY (g.types));
            reached := least(goal, greatest(reached, coalesce(first, goal)));
            IF reached < goal THEN
                SELECT f.upto INTO reached FROM ops.fold_or_park(name, reached, least(reached + max_events, goal)) AS f;
            END IF;
            UPDATE ops.generations AS n
               SET position = reached,
                   rate = coalesce(0.7 * n.rate, 0) + CASE WHEN n.rate IS NULL THEN 1 ELSE 0.3 END
                        * (reached - g.position) / extract(epoch FROM clock_timestamp() - begun)
             WHERE n.schema = name AND n.state <> 'stopped';
        END IF;
        IF reached >= goal AND g.built_at IS NULL THEN
            PERFORM ops.finish(name, g.indexes);
            UPDATE ops.generations AS n SET built_at = clock_timestamp() WHERE n.schema = name;
        END IF;
    END IF;
    SELECT n.position, n.state, n.error, n.built_at IS NOT NULL INTO reached, state, error, built
      FROM ops.generations AS n WHERE n.schema = name;
    IF state = 'following' THEN
        reached := goal;
    END IF;
END
$$;

-- Let a built generation follow the tail: folds what is left, while the tail's lock keeps the others still.
CREATE FUNCTION ops.join(name text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    tail bigint;
    step record;
BEGIN
    SELECT t.position INTO tail FROM ops.tail AS t FOR UPDATE;
    PERFORM FROM ops.generations AS g WHERE g.schema = name FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'There is no generation %', name USING ERRCODE = 'no_data_found';
    END IF;
    IF EXISTS (SELECT FROM ops.generations AS g WHERE g.schema = name AND (g.upto IS NOT NULL OR g.tenants IS NOT NULL)) THEN
        RAISE EXCEPTION 'The generation % holds a part of the log only, so it cannot follow', name
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    LOOP
        SELECT b.* INTO step FROM ops.build(name, 20000) AS b;
        IF step.state IN ('stopped', 'paused') THEN
            RAISE EXCEPTION 'The generation % is %: %', name, step.state, coalesce(step.error, 'resume it first')
                USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        EXIT WHEN step.reached >= tail;
    END LOOP;
    UPDATE ops.generations AS g SET state = 'following', position = tail, error = NULL
     WHERE g.schema = name AND g.state <> 'following';
END
$$;

-- Advance all generations that follow together: fold the next events into each that declares a type among them, and
-- move the tail in the same transaction. Where somebody else is advancing, upto is NULL. A fold that fails is undone
-- alone: its generation falls behind, to be brought on by ops.build event by event, and the others go on. behind says
-- that there is one to bring on; a previous one only when it is worth it. pause: when to expect the next call.
DROP FUNCTION ops.advance(bigint);
CREATE FUNCTION ops.advance(
    max_events bigint, pause double precision DEFAULT 2,
    OUT after bigint, OUT upto bigint, OUT head bigint, OUT behind text
)
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
            USING ERRCODE = 'data_exception', HINT = 'Drop the generations (run.py projections reset) so that they are built from this log.';
    END IF;
    upto := least(after + max_events, head);
    IF upto > after THEN
        found_types := ops.note_types(after, upto);
        FOR g IN
            SELECT n.schema FROM ops.generations AS n
             WHERE n.state = 'following' AND (n.types && found_types OR '*' = ANY (n.types)) ORDER BY n.schema
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
                       SET state = 'behind', position = advance.after, error = format('%s (SQLSTATE %s)', fault, code)
                     WHERE n.schema = g.schema;
            END;
        END LOOP;
        PERFORM pg_notify('daybook_tail', upto || ' ' || encode(sha256(convert_to(tail.secret || '/' || upto, 'UTF8')), 'hex'));
    END IF;
    UPDATE ops.tail AS t
       SET position = advance.upto, heartbeat_at = clock_timestamp(),
           due_at = clock_timestamp() + make_interval(secs => CASE WHEN advance.upto < head THEN 0 ELSE pause END);
    SELECT n.schema INTO behind FROM ops.generations AS n
     WHERE n.state = 'behind' AND (n.role IN ('serving', 'candidate') OR n.role = 'previous' AND advance.upto - n.position >= 20000)
     ORDER BY n.role = 'serving' DESC, n.schema LIMIT 1;
END
$$;

-- Note which types the blocks of (after, upto] hold, and return them. The caller holds the tail's lock.
CREATE FUNCTION ops.note_types(after bigint, upto bigint) RETURNS text[]
LANGUAGE sql
AS $$
    WITH found AS (
        SELECT e.position / 4096 AS block, array_agg(DISTINCT e.type) AS types
          FROM log.events AS e
         WHERE e.position > note_types.after AND e.position <= note_types.upto
         GROUP BY e.position / 4096
    ), noted AS (
        INSERT INTO ops.blocks AS b (block, types)
        SELECT f.block, f.types FROM found AS f
         WHERE NOT EXISTS (SELECT FROM ops.blocks AS o WHERE o.block = f.block AND o.types @> f.types)
        ON CONFLICT (block) DO UPDATE SET types = ARRAY(SELECT DISTINCT unnest(b.types || EXCLUDED.types) ORDER BY 1)
    )
    SELECT array_agg(DISTINCT t.type) FROM found AS f CROSS JOIN unnest(f.types) AS t (type)
$$;
