-- Compares generations row by row, folds the past into scratch ones, and puts parts of a generation right.
-- For the operator: instant.
-- depends: 0006.operate-generations

-- When a scratch generation may be dropped by anybody: whoever works on it keeps putting this off.
ALTER TABLE ops.generations ADD expires_at timestamptz;

-- One row per schema of views as they stood at a position. Its generations are called after it, and go with it.
CREATE TABLE IF NOT EXISTS ops.pasts (
    schema      text        NOT NULL,
    position    bigint      NOT NULL,
    moment      timestamptz,
    projections text[]      NOT NULL,
    state       text        NOT NULL DEFAULT 'building',
    actor       text        NOT NULL,
    reason      text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at  timestamptz NOT NULL,
    CONSTRAINT pasts_pkey PRIMARY KEY (schema),
    CONSTRAINT pasts_state_check CHECK (state IN ('building', 'ready'))
);
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.pasts TO daybook_service;

-- The columns of a generation's tables: number counts them, key is the place in the primary key, and plain says that
-- values can be hashed as they are; those of other types (tsvector, json …) are compared as text.
CREATE FUNCTION ops.columns(name text)
RETURNS TABLE ("table" text, "column" text, type text, number integer, key integer, plain boolean, generated boolean)
LANGUAGE sql STABLE
AS $$
    SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnum::integer,
           array_position(k.conkey, a.attnum),
           EXISTS (SELECT FROM pg_opclass AS o JOIN pg_am AS m ON m.oid = o.opcmethod
                    WHERE m.amname = 'hash' AND o.opcdefault
                      AND o.opcintype = CASE t.typcategory WHEN 'A' THEN t.typelem ELSE t.oid END),
           a.attgenerated <> ''
      FROM pg_class AS c
      JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      JOIN pg_type AS t ON t.oid = a.atttypid
      LEFT JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'p'
     WHERE c.relnamespace = to_regnamespace(quote_ident(name)) AND c.relkind IN ('r', 'p')
$$;

-- The columns of a table of two generations side by side; l and r are the expressions by which both are compared.
CREATE FUNCTION ops.pairs("left" text, "right" text, "table" text)
RETURNS TABLE ("column" text, was text, "is" text, was_number integer, is_number integer, was_key integer, is_key integer,
               l text, r text)
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(a.column, b.column), a.type, b.type, a.number, b.number, a.key, b.key,
           format('l.%I%s', a.column, c.cast), format('r.%I%s', b.column, c.cast)
      FROM (SELECT s.* FROM ops.columns("left") AS s WHERE s.table = pairs.table) AS a
      FULL JOIN (SELECT s.* FROM ops.columns("right") AS s WHERE s.table = pairs.table) AS b ON b.column = a.column
     CROSS JOIN LATERAL (SELECT CASE WHEN a.type = b.type AND a.plain THEN '' ELSE '::text' END AS cast) AS c
$$;

-- Where a generation stands in this snapshot.
CREATE FUNCTION ops.standing(name text) RETURNS bigint
LANGUAGE sql STABLE
AS $$
    SELECT CASE g.state WHEN 'following' THEN t.position ELSE g.position END
      FROM ops.generations AS g
     CROSS JOIN ops.tail AS t
     WHERE g.schema = standing.name
$$;

-- How one table of two generations differs in shape.
CREATE FUNCTION ops.diff_shape("left" text, "right" text, "table" text) RETURNS jsonb
LANGUAGE sql STABLE
AS $$
    SELECT jsonb_build_object(
               'columns_added', coalesce(jsonb_agg(p.column ORDER BY p.is_number) FILTER (WHERE p.was IS NULL), '[]'),
               'columns_removed', coalesce(jsonb_agg(p.column ORDER BY p.was_number) FILTER (WHERE p.is IS NULL), '[]'),
               'columns_retyped', coalesce(jsonb_agg(jsonb_build_object('column', p.column, 'was', p.was, 'became', p.is)
                                                     ORDER BY p.was_number) FILTER (WHERE p.was <> p.is), '[]'),
               'reordered', coalesce(array_agg(p.column ORDER BY p.was_number) FILTER (WHERE p.was IS NOT NULL AND p.is IS NOT NULL)
                                  <> array_agg(p.column ORDER BY p.is_number) FILTER (WHERE p.was IS NOT NULL AND p.is IS NOT NULL), false),
               'keyed', bool_or(p.was_key IS NOT NULL)
                        AND bool_and(p.was_key IS NOT DISTINCT FROM p.is_key AND (p.was_key IS NULL OR p.was = p.is)))
      FROM ops.pairs("left", "right", "table") AS p
$$;

-- Compare the rows of one table of two generations on the columns that both have, by primary key. Each row is hashed
-- where it lies, so that only keys and hashes are joined; which columns differ is looked at only where rows do. Where
-- the primary keys are not alike (keyed is false), rows are matched whole: none can be said to have changed, and none
-- is named. The checksums do not depend on the rows' order.
CREATE FUNCTION ops.diff_rows("left" text, "right" text, "table" text, keyed boolean, samples integer) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET work_mem = '128MB'
SET jit = off
AS $$
DECLARE
    names  text[];
    lefts  text[];
    rights text[];
    keys   text;
    sample text;
    side   text := 'SELECT %1$s, hash_record_extended(ROW(%2$s), 0) AS hash FROM %3$I.%4$I AS %5$s';
    found  jsonb;
    counts jsonb := '{}';
BEGIN
    SELECT array_agg(p.column), array_agg(p.l), array_agg(p.r),
           string_agg(quote_ident(p.column), ', ' ORDER BY p.was_key) FILTER (WHERE p.was_key IS NOT NULL),
           format('jsonb_build_object(%s)', string_agg(format('%L, d.%I', p.column, p.column), ', ' ORDER BY p.was_key)
                                            FILTER (WHERE p.was_key IS NOT NULL))
      INTO names, lefts, rights, keys, sample
      FROM ops.pairs("left", "right", "table") AS p
     WHERE p.was IS NOT NULL AND p.is IS NOT NULL;
    IF NOT keyed THEN
        side := 'SELECT row_number() OVER (PARTITION BY s.hash) AS turn, s.hash AS whole, s.hash FROM (' || replace(side, '%1$s, ', '') || ') AS s';
        keys := 'whole, turn';
        sample := 'NULL::jsonb';
    END IF;
    EXECUTE format($query$
        WITH joined AS MATERIALIZED (
            SELECT %1$s, l.hash AS l, r.hash AS r FROM (%2$s) AS l FULL JOIN (%3$s) AS r USING (%1$s)
        ), counted AS (
            SELECT count(j.l) AS rows_left, count(j.r) AS rows_right,
                   count(*) FILTER (WHERE j.r IS NULL) AS missing, count(*) FILTER (WHERE j.l IS NULL) AS extra,
                   count(*) FILTER (WHERE j.l <> j.r) AS changed,
                   lpad(to_hex(coalesce(bit_xor(j.l), 0)), 16, '0') AS checksum_left,
                   lpad(to_hex(coalesce(bit_xor(j.r), 0)), 16, '0') AS checksum_right
              FROM joined AS j
        ), named AS (
            SELECT ARRAY(SELECT %4$s FROM joined AS d WHERE d.r IS NULL ORDER BY %1$s LIMIT $1) AS missing_keys,
                   ARRAY(SELECT %4$s FROM joined AS d WHERE d.l IS NULL ORDER BY %1$s LIMIT $1) AS extra_keys,
                   ARRAY(SELECT %4$s FROM joined AS d WHERE d.l <> d.r ORDER BY %1$s LIMIT $1) AS changed_keys
        )
        SELECT to_jsonb(c) || to_jsonb(n) FROM counted AS c CROSS JOIN named AS n
        $query$, keys,
        format(side, keys, array_to_string(lefts, ', '), "left", "table", 'l'),
        format(side, keys, array_to_string(rights, ', '), "right", "table", 'r'), sample)
       INTO found USING CASE WHEN keyed THEN samples ELSE 0 END;
    IF (found ->> 'changed')::bigint > 0 THEN
        EXECUTE format($query$
            SELECT jsonb_object_agg(c.name, c.number)
              FROM (SELECT ARRAY[%1$s] AS numbers FROM %2$I.%4$I AS l JOIN %3$I.%4$I AS r USING (%5$s)) AS n
             CROSS JOIN unnest($1, n.numbers) AS c (name, number)
             WHERE c.number > 0
            $query$,
            (SELECT string_agg(format('count(*) FILTER (WHERE %s IS DISTINCT FROM %s)', e.l, e.r), ', ') FROM unnest(lefts, rights) AS e (l, r)),
            "left", "right", "table", keys)
           INTO counts USING names;
    END IF;
    RETURN found || jsonb_build_object('columns_changed', counts);
END
$$;

-- How two generations differ, seen in one snapshot: their tables' shapes and rows. Both must stand at one position.
CREATE FUNCTION ops.diff("left" text, "right" text, samples integer) RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    l      bigint := ops.standing("left");
    r      bigint := ops.standing("right");
    was    text[] := ARRAY(SELECT DISTINCT c.table FROM ops.columns("left") AS c ORDER BY 1);
    "is"   text[] := ARRAY(SELECT DISTINCT c.table FROM ops.columns("right") AS c ORDER BY 1);
    name   text;
    shape  jsonb;
    tables jsonb := '[]';
BEGIN
    IF l IS NULL OR r IS NULL THEN
        RAISE EXCEPTION 'There is no generation %', CASE WHEN l IS NULL THEN "left" ELSE "right" END
            USING ERRCODE = 'no_data_found';
    ELSIF l <> r THEN
        RAISE EXCEPTION 'The generation % stands at position % and % at %, so their rows cannot be compared', "left", l, "right", r
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    FOR name IN SELECT t FROM unnest(was) AS t WHERE t = ANY ("is") LOOP
        shape := ops.diff_shape("left", "right", name);
        tables := tables || jsonb_build_array(jsonb_build_object('table', name) || shape
                  || ops.diff_rows("left", "right", name, (shape -> 'keyed')::boolean, samples));
    END LOOP;
    RETURN jsonb_build_object('left', "left", 'right', "right", 'position', l, 'tables', tables,
               'tables_added', ARRAY(SELECT t FROM unnest("is") AS t WHERE t <> ALL (was)),
               'tables_removed', ARRAY(SELECT t FROM unnest(was) AS t WHERE t <> ALL ("is")));
END
$$;

-- Make an empty scratch generation from the text of another, and return its name. It is dropped by ops.sweep_pasts once
-- nobody has worked on it for an hour; where it is given a name it belongs to a past, which says how long it stays.
CREATE FUNCTION ops.install_scratch(source text, upto bigint, tenants uuid[], name text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    g      ops.generations;
    chosen text;
BEGIN
    SELECT o.* INTO g FROM ops.generations AS o WHERE o.schema = source;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'There is no generation %', source USING ERRCODE = 'no_data_found';
    END IF;
    chosen := coalesce(name, left(g.projection, 40) || '_scratch_' || left(md5(gen_random_uuid()::text), 8));
    PERFORM ops.install(chosen, g.projection, g.digest, g.types, g.script, g.indexes, 'scratch', upto, tenants);
    UPDATE ops.generations AS n
       SET expires_at = CASE WHEN name IS NULL THEN clock_timestamp() + interval '1 hour' END
     WHERE n.schema = chosen;
    RETURN chosen;
END
$$;

-- Fold the next events into a scratch generation, which is somebody's work for another hour.
CREATE FUNCTION ops.build_scratch(
    name text, max_events bigint, OUT reached bigint, OUT goal bigint, OUT state text, OUT error text, OUT built boolean
)
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE ops.generations AS g SET expires_at = clock_timestamp() + interval '1 hour'
     WHERE g.schema = name AND g.expires_at IS NOT NULL;
    UPDATE ops.pasts AS p SET expires_at = greatest(p.expires_at, clock_timestamp() + interval '1 hour')
     WHERE p.state = 'building' AND name = ANY (SELECT p.schema || '_' || part FROM unnest(p.projections) AS part);
    SELECT b.* INTO reached, goal, state, error, built FROM ops.build(name, max_events) AS b;
END
$$;

-- Give a scratch generation up: it no longer follows, and ops.sweep drops it once no reader holds it.
CREATE FUNCTION ops.retire_scratch(name text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM ops.tail FOR UPDATE;
    UPDATE ops.generations AS g SET role = 'retired', state = 'paused' WHERE g.schema = name AND g.role = 'scratch';
END
$$;

-- Fold the events of some streams into a generation, from where it stands up to a position and nothing between them:
-- each run of neighbouring positions is a range of its own.
CREATE FUNCTION ops.fold_streams(name text, streams uuid[], upto bigint) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    g       ops.generations;
    run     record;
    reached bigint;
BEGIN
    SELECT n.* INTO g FROM ops.generations AS n WHERE n.schema = name;
    FOR run IN
        SELECT min(e.position) - 1 AS after, max(e.position) AS upto
          FROM (SELECT p.position, p.position - row_number() OVER (ORDER BY p.position) AS island
                  FROM log.events AS p
                 WHERE p.stream_id = ANY (streams) AND p.position > g.position AND p.position <= fold_streams.upto
                   AND (p.type = ANY (g.types) OR '*' = ANY (g.types))) AS e
         GROUP BY e.island
         ORDER BY 1
    LOOP
        reached := run.after;
        WHILE reached < run.upto LOOP
            SELECT f.upto INTO reached FROM ops.fold_or_park(name, reached, run.upto) AS f;
            IF EXISTS (SELECT FROM ops.generations AS n WHERE n.schema = name AND n.state = 'stopped') THEN
                RAISE EXCEPTION 'The fold of % is broken: %', g.projection, (SELECT n.error FROM ops.generations AS n WHERE n.schema = name)
                    USING ERRCODE = 'object_not_in_prerequisite_state';
            END IF;
        END LOOP;
    END LOOP;
    UPDATE ops.generations AS n SET position = fold_streams.upto WHERE n.schema = name;
END
$$;

-- The position of the last event recorded at a time or before it; 0 where the log began later. Times never go back
-- along positions, so bisection finds it without an index.
CREATE FUNCTION ops.position_at(moment timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    low  bigint := 0;
    high bigint := (SELECT h.position FROM log.head AS h);
    mid  bigint;
BEGIN
    WHILE low < high LOOP
        mid := (low + high + 1) / 2;
        IF (SELECT e.recorded_at FROM log.events AS e WHERE e.position = mid) <= moment THEN
            low := mid;
        ELSE
            high := mid - 1;
        END IF;
    END LOOP;
    RETURN low;
END
$$;

-- Begin a past: its entry, and an empty generation of each projection from the text that serves. One that is there
-- already, as of the same position and with these projections, is taken up again and stays for longer.
CREATE FUNCTION ops.open_past(
    name text, "position" bigint, moment timestamptz, projections text[], lifetime interval,
    tenant uuid, reason text, metadata jsonb
) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    past ops.pasts;
BEGIN
    PERFORM FROM ops.gates WHERE gates.name = 'install' FOR UPDATE;
    UPDATE ops.pasts AS p SET expires_at = greatest(p.expires_at, clock_timestamp() + lifetime)
     WHERE p.schema = name
    RETURNING p.* INTO past;
    IF past.position = open_past.position AND past.projections @> open_past.projections THEN
        RETURN;
    ELSIF FOUND OR EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = name) THEN
        RAISE EXCEPTION 'The schema % is taken%', name, coalesce(format(': it shows position %s', past.position), '')
            USING ERRCODE = 'duplicate_schema';
    END IF;
    INSERT INTO ops.pasts (schema, position, moment, projections, actor, reason, expires_at)
    VALUES (name, open_past.position, open_past.moment, open_past.projections, metadata ->> 'actor', open_past.reason, clock_timestamp() + lifetime);
    PERFORM ops.install_scratch(g.schema, open_past.position, NULL, name || '_' || g.projection)
       FROM ops.generations AS g
      WHERE g.projection = ANY (open_past.projections) AND g.role = 'serving';
    PERFORM ops.record('all', 'projection.recalled', tenant,
                       jsonb_build_object('schema', name, 'position', open_past.position, 'moment', open_past.moment,
                                          'projections', open_past.projections, 'reason', open_past.reason), metadata);
END
$$;

-- Make the views of a past whose generations are built: one per table, then the analysts' own from script.
CREATE FUNCTION ops.show_past(name text, script text, lifetime interval) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    past ops.pasts;
BEGIN
    SELECT p.* INTO past FROM ops.pasts AS p WHERE p.schema = name FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The past % was dropped while it was being built', name USING ERRCODE = 'no_data_found';
    ELSIF past.state = 'ready' THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE SCHEMA %I', name);
    PERFORM ops.point_views(name || '_' || p.projection, name) FROM unnest(past.projections) AS p (projection);
    PERFORM set_config('search_path', format('%I, public', name), true);
    EXECUTE script;
    PERFORM set_config('search_path', 'pg_catalog', true);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO daybook_analyst', name);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO daybook_analyst', name);
    UPDATE ops.pasts AS p SET state = 'ready', expires_at = clock_timestamp() + lifetime WHERE p.schema = name;
END
$$;

-- Drop a past: its views and its entry now, its generations by ops.sweep.
CREATE FUNCTION ops.drop_past(name text) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    past ops.pasts;
BEGIN
    SELECT p.* INTO past FROM ops.pasts AS p WHERE p.schema = name FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF past.state = 'ready' THEN
        EXECUTE format('DROP SCHEMA %I CASCADE', name);
    END IF;
    UPDATE ops.generations AS g SET role = 'retired', state = 'paused'
     WHERE g.role = 'scratch' AND g.schema = ANY (SELECT name || '_' || p FROM unnest(past.projections) AS p);
    DELETE FROM ops.pasts AS p WHERE p.schema = name;
    RETURN true;
END
$$;

-- Drop the pasts whose time is over and the scratch generations that nobody works on any more; what a reader still
-- holds is left for the next time. Returns how many there were.
CREATE FUNCTION ops.sweep_pasts() RETURNS integer
LANGUAGE plpgsql
SET lock_timeout = '100ms'
AS $$
DECLARE
    name  text;
    swept integer := 0;
BEGIN
    FOR name IN SELECT p.schema FROM ops.pasts AS p WHERE p.expires_at < clock_timestamp() LOOP
        BEGIN
            PERFORM ops.drop_past(name);
            swept := swept + 1;
        EXCEPTION
            WHEN lock_not_available OR deadlock_detected THEN NULL;
        END;
    END LOOP;
    FOR name IN SELECT g.schema FROM ops.generations AS g WHERE g.role = 'scratch' AND g.expires_at < clock_timestamp() LOOP
        BEGIN
            PERFORM ops.retire_scratch(name);
            swept := swept + 1;
        EXCEPTION
            WHEN lock_not_available OR deadlock_detected THEN NULL;
        END;
    END LOOP;
    IF swept > 0 THEN
        PERFORM ops.sweep();
    END IF;
    RETURN swept;
END
$$;

-- What some streams alone make of projections up to a position: their tables and views are made, folded and asked by
-- query, which finds them by search_path and argument as $1; then all of it is undone, and only the answer is left.
CREATE FUNCTION ops.glimpse(projections text[], streams uuid[], upto bigint, script text, query text, argument jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET timezone = 'UTC'
SET jit = off
AS $$
DECLARE
    home   text := 'glimpse_' || pg_backend_pid();
    name   text;
    g      ops.generations;
    answer jsonb;
BEGIN
    BEGIN
        EXECUTE format('CREATE SCHEMA %I', home);
        FOR g IN SELECT o.* FROM ops.generations AS o WHERE o.role = 'serving' AND o.projection = ANY (projections) LOOP
            name := home || '_' || g.projection;
            EXECUTE format('CREATE SCHEMA %I', name);
            PERFORM set_config('search_path', format('%I, public', name), true);
            EXECUTE g.script;
            EXECUTE format('ALTER FUNCTION %1$I.fold(bigint, bigint) SET search_path = %1$I, public', name);
            INSERT INTO ops.generations (schema, projection, digest, types, state, role)
            VALUES (name, g.projection, g.digest, g.types, 'building', 'scratch');
            PERFORM ops.fold_streams(name, streams, upto);
            PERFORM ops.point_views(name, home);
        END LOOP;
        PERFORM set_config('search_path', format('%I, public', home), true);
        EXECUTE script;
        EXECUTE query INTO answer USING argument;
        RAISE EXCEPTION USING ERRCODE = 'DB000';
    EXCEPTION
        WHEN SQLSTATE 'DB000' THEN NULL;
    END;
    RETURN answer;
END
$$;

-- Put the rows of one table right: those in scope become what the scratch generation has. They are deleted before any
-- is inserted, so that two rows may trade what must be unique. A row is in scope when the scratch generation has its
-- key, or when it is of these tenants, or (where streams are given) when one of them is in its key, or made it last by its
-- position while no other stream is in its key.
CREATE FUNCTION ops.replay_table(scratch text, target text, "table" text, streams uuid[], tenants uuid[]) RETURNS jsonb
LANGUAGE plpgsql
SET jit = off
AS $$
DECLARE
    names   text;
    keys    text;
    differ  text;
    scope   text;
    changed bigint;
    removed bigint;
    added   bigint;
BEGIN
    SELECT string_agg(quote_ident(c.column), ', ' ORDER BY c.number) FILTER (WHERE NOT c.generated),
           string_agg(format('l.%1$I = r.%1$I', c.column), ' AND ' ORDER BY c.key) FILTER (WHERE c.key IS NOT NULL),
           coalesce(string_agg(format('r.%I = ANY ($1) OR ', c.column), '') FILTER (WHERE c.key IS NOT NULL AND c.type = 'uuid'), '')
           || 'r.position = ANY ($3)'
           || coalesce(string_agg(format(' AND NOT EXISTS (SELECT FROM log.events AS e WHERE e.stream_id = r.%I)', c.column), '')
                       FILTER (WHERE c.key IS NOT NULL AND c.type = 'uuid'), '')
      INTO names, keys, scope
      FROM ops.columns(target) AS c WHERE c.table = replay_table.table;
    SELECT format('ROW(%s) IS DISTINCT FROM ROW(%s)', string_agg(p.l, ', '), string_agg(p.r, ', '))
      INTO differ FROM ops.pairs(scratch, target, "table") AS p;

    EXECUTE format('DELETE FROM %2$I.%3$I AS r USING %1$I.%3$I AS l WHERE %4$s AND %5$s', scratch, target, "table", keys, differ);
    GET DIAGNOSTICS changed = ROW_COUNT;
    EXECUTE format('DELETE FROM %2$I.%3$I AS r WHERE (%5$s) AND NOT EXISTS (SELECT FROM %1$I.%3$I AS l WHERE %4$s)',
                   scratch, target, "table", keys, CASE WHEN streams IS NULL THEN 'r.tenant_id = ANY ($2)' ELSE scope END)
      USING streams, tenants, ARRAY(SELECT e.position FROM log.events AS e WHERE e.stream_id = ANY (streams));
    GET DIAGNOSTICS removed = ROW_COUNT;
    EXECUTE format('INSERT INTO %2$I.%3$I (%5$s) SELECT %5$s FROM %1$I.%3$I AS l WHERE NOT EXISTS (SELECT FROM %2$I.%3$I AS r WHERE %4$s)',
                   scratch, target, "table", keys, names);
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN jsonb_build_object('table', "table", 'added', added - changed, 'changed', changed, 'removed', removed);
END
$$;

-- Put a part of a generation right from a scratch one that was built for these streams or tenants: under the tail's
-- lock the rest is folded, the rows in scope are replaced, and what was parked of it is parked as it is now. type NULL
-- records nothing. Returns where it stands and per table how many rows were put right.
CREATE FUNCTION ops.replay(
    scratch text, target text, streams uuid[], tenants uuid[],
    type text, tenant uuid, data jsonb, metadata jsonb
) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    stands bigint;
    step   record;
    tables jsonb;
BEGIN
    PERFORM FROM ops.tail FOR UPDATE;
    PERFORM FROM ops.generations AS g WHERE g.schema IN (scratch, target) ORDER BY g.schema FOR UPDATE;
    stands := ops.standing(target);
    IF stands IS NULL OR ops.standing(scratch) IS NULL THEN
        RAISE EXCEPTION 'The generation % is gone', CASE WHEN stands IS NULL THEN target ELSE scratch END USING ERRCODE = 'no_data_found';
    END IF;
    IF streams IS NOT NULL THEN
        PERFORM ops.fold_streams(scratch, streams, stands);
    ELSE
        UPDATE ops.generations AS g SET upto = stands WHERE g.schema = scratch;
        LOOP
            SELECT b.* INTO step FROM ops.build(scratch, 20000) AS b;
            EXIT WHEN step.reached >= stands OR step.state = 'stopped';
        END LOOP;
    END IF;
    IF ops.standing(scratch) <> stands THEN
        RAISE EXCEPTION 'The generation % stands at position %, the rows to put right at %', scratch, ops.standing(scratch), stands
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    SELECT jsonb_agg(ops.replay_table(scratch, target, t.table, streams, tenants) ORDER BY t.table)
      INTO tables FROM (SELECT DISTINCT c.table FROM ops.columns(target) AS c) AS t;
    DELETE FROM ops.parked AS k
     USING log.events AS e
     WHERE k.schema = target AND e.position = k.position
       AND (k.stream_id = ANY (streams) OR streams IS NULL AND e.tenant_id = ANY (tenants));
    INSERT INTO ops.parked (schema, projection, stream_id, position, type, error, parked_at)
    SELECT target, k.projection, k.stream_id, k.position, k.type, k.error, k.parked_at FROM ops.parked AS k WHERE k.schema = scratch;
    IF type IS NOT NULL THEN
        PERFORM ops.record(data ->> 'projection', type, tenant, data || jsonb_build_object('generation', target, 'position', stands, 'tables', tables), metadata);
    END IF;
    RETURN jsonb_build_object('position', stands, 'tables', tables);
END
$$;

-- Take an event out of a projection for good; true where it was not taken out before.
CREATE FUNCTION ops.discard(projection text, "position" bigint, actor text, reason text) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO ops.discarded (projection, position, stream_id, actor, reason)
    SELECT discard.projection, e.position, e.stream_id, discard.actor, discard.reason
      FROM log.events AS e WHERE e.position = discard.position
        ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$$;

-- The tables a view of schema read stands on, with the generation and projection of each.
CREATE FUNCTION ops.sources(view text) RETURNS TABLE (projection text, generation text, "table" text)
LANGUAGE sql STABLE
AS $$
    WITH RECURSIVE below AS (
        SELECT to_regclass('read.' || quote_ident(view))::oid AS oid
        UNION
        SELECT d.refobjid
          FROM below AS b
          JOIN pg_rewrite AS r ON r.ev_class = b.oid
          JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
    )
    SELECT DISTINCT g.projection, g.schema, c.relname::text
      FROM below AS b
      JOIN pg_class AS c ON c.oid = b.oid
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
      JOIN ops.generations AS g ON g.schema = n.nspname
$$;

-- The rows of a view whose columns have the values of key (an object), of one tenant or (NULL) of any; at most so many.
CREATE FUNCTION ops.find_rows(schema text, view text, key jsonb, tenant uuid, most integer) RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE
SET timezone = 'UTC'
AS $$
DECLARE
    conditions text;
BEGIN
    SELECT string_agg(format('v.%I = ($1 ->> %L)::%s', a.attname, a.attname, format_type(a.atttypid, a.atttypmod)), ' AND ')
      INTO conditions
      FROM pg_attribute AS a
     WHERE a.attrelid = to_regclass(format('%I.%I', schema, view)) AND a.attnum > 0 AND key ? a.attname::text;
    RETURN QUERY EXECUTE format('SELECT to_jsonb(v) FROM %I.%I AS v WHERE %s AND ($2 IS NULL OR v.tenant_id = $2) LIMIT $3',
                                schema, view, conditions) USING key, tenant, most;
END
$$;
