-- Swaps generations under the views of schema read without an error for a reader, keeps the one before to roll back
-- to, and records what operators do as events.
-- For the operator: instant.
-- depends: 0009.query-views

DROP FUNCTION ops.publish(text[], text, text);
DROP FUNCTION ops.promote(text);
DROP FUNCTION ops.drop_views();
UPDATE ops.tail SET views_digest = '';

-- Append one event of an operator's action to the stream of what it was done to, in the action's own transaction.
CREATE FUNCTION ops.record(subject text, type text, tenant uuid, data jsonb, metadata jsonb) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    category text := split_part(type, '.', 1);
    stream   uuid := md5(category || '/' || tenant || '/' || subject)::uuid;
    last     integer;
BEGIN
    PERFORM FROM log.head FOR UPDATE;
    SELECT e.version INTO last FROM log.events AS e WHERE e.stream_id = stream ORDER BY e.version DESC LIMIT 1;
    RETURN (SELECT a.base + 1
              FROM log.append(ARRAY[gen_random_uuid()], ARRAY[sha256(convert_to(data::text, 'UTF8'))], ARRAY[1], ARRAY[1],
                              NULL, NULL, ARRAY[stream], ARRAY[coalesce(last, 0) + 1], ARRAY[tenant], ARRAY[category],
                              ARRAY[type], ARRAY[data::text], ARRAY[metadata::text], NULL, NULL) AS a);
END
$$;

-- The tables of a generation, their columns in order and their types: equal shapes can trade places under a view.
CREATE FUNCTION ops.shape(name text) RETURNS jsonb
LANGUAGE sql STABLE
AS $$
    SELECT jsonb_object_agg(t.relname, t.columns)
      FROM (SELECT c.relname, jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attcollation::oid)
                                        ORDER BY a.attnum) AS columns
              FROM pg_class AS c
              JOIN pg_namespace AS n ON n.oid = c.relnamespace
              JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE n.nspname = name AND c.relkind = 'r'
             GROUP BY c.relname) AS t
$$;

-- Point the plain views at the tables of a generation: one view per table, which says what identifies a row.
CREATE FUNCTION ops.point_views(name text, target text DEFAULT 'read') RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    item record;
    part record;
BEGIN
    FOR item IN
        SELECT c.oid, c.relname, obj_description(c.oid) AS comment,
               (SELECT string_agg(a.attname, ', ' ORDER BY k.n)
                  FROM pg_index AS i
                 CROSS JOIN unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, n)
                  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.attnum
                 WHERE i.indrelid = c.oid AND i.indisprimary) AS key
          FROM pg_class AS c
          JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname = name AND c.relkind = 'r'
         ORDER BY c.relname
    LOOP
        EXECUTE format('CREATE OR REPLACE VIEW %3$I.%2$I WITH (security_invoker = true) AS SELECT * FROM %1$I.%2$I',
                       name, item.relname, target);
        EXECUTE format('COMMENT ON VIEW %I.%I IS %L', target, item.relname,
                       coalesce(item.comment, format('The rows of %s.', replace(item.relname, '_', ' '))) || ' Key: ' || item.key || '.');
        FOR part IN
            SELECT a.attname, d.description
              FROM pg_description AS d
              JOIN pg_attribute AS a ON a.attrelid = d.objoid AND a.attnum = d.objsubid
             WHERE d.classoid = 'pg_class'::regclass AND d.objoid = item.oid AND d.objsubid > 0
        LOOP
            EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', target, item.relname, part.attname, part.description);
        END LOOP;
    END LOOP;
END
$$;

-- Lock views of schema read against their readers, those first that stand on others: a reader who has one of these
-- then waits for none that we hold. Gives up (55P03) when it takes longer than budget, in milliseconds in all, since
-- whoever comes meanwhile queues behind.
CREATE FUNCTION ops.lock_views(names name[], budget integer) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    until timestamptz := clock_timestamp() + make_interval(secs => budget / 1000.0);
    item  record;
BEGIN
    FOR item IN
        SELECT c.relname FROM pg_class AS c
         WHERE c.relnamespace = 'read'::regnamespace AND c.relkind = 'v' AND c.relname = ANY (names)
         ORDER BY c.oid DESC
    LOOP
        PERFORM set_config('lock_timeout', greatest(1, ceil(1000 * extract(epoch FROM until - clock_timestamp())))::text, true);
        EXECUTE format('ALTER VIEW read.%I SET (security_invoker = true)', item.relname);
    END LOOP;
END
$$;

-- Drop the views of schema read that follow from generations. Where somebody built a view of his own on one of them,
-- elsewhere, it is not dropped with them: the swap is refused and names it.
CREATE FUNCTION ops.drop_views(budget integer DEFAULT 100) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    names name[];
BEGIN
    SELECT array_agg(c.relname) INTO names
      FROM pg_class AS c
     WHERE c.relnamespace = 'read'::regnamespace AND c.relkind = 'v' AND c.relname NOT IN ('freshness', 'generations');
    IF names IS NOT NULL THEN
        PERFORM ops.lock_views(names, budget);
        EXECUTE 'DROP VIEW ' || (SELECT string_agg(format('read.%I', n.name), ', ') FROM unnest(names) AS n (name));
    END IF;
END
$$;

-- Make anew the plain views of generations whose tables have another shape, and the views that stand on them, as they
-- were. No other view is locked: a reader of many views, who locks them in an order of his own, is then seldom in the way.
CREATE FUNCTION ops.remake_views(moved text[], budget integer) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    names name[];
    saved record;
    views jsonb;
BEGIN
    WITH RECURSIVE plain AS (
        SELECT v.oid, v.relname
          FROM pg_class AS v
         WHERE v.relnamespace = 'read'::regnamespace AND v.relkind = 'v' AND v.relname IN (
               SELECT t.relname FROM pg_class AS t
                 JOIN ops.generations AS g ON t.relnamespace = g.schema::regnamespace AND t.relkind = 'r'
                 JOIN ops.generations AS m ON m.projection = g.projection AND m.schema = ANY (moved)
                WHERE g.role IN ('serving', 'previous'))
    ), standing AS (
        SELECT p.oid, p.relname, true AS plain FROM plain AS p
        UNION
        SELECT v.oid, v.relname, false
          FROM standing AS s
          JOIN pg_depend AS d ON d.refobjid = s.oid AND d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_rewrite'::regclass
          JOIN pg_rewrite AS r ON r.oid = d.objid
          JOIN pg_class AS v ON v.oid = r.ev_class AND v.oid <> s.oid AND v.relnamespace = 'read'::regnamespace
    )
    SELECT array_agg(s.relname),
           jsonb_agg(jsonb_build_object(
               'name', s.relname, 'text', pg_get_viewdef(s.oid), 'comment', obj_description(s.oid, 'pg_class'),
               'columns', (SELECT jsonb_object_agg(a.attname, c.description)
                             FROM pg_description AS c
                             JOIN pg_attribute AS a ON a.attrelid = c.objoid AND a.attnum = c.objsubid
                            WHERE c.classoid = 'pg_class'::regclass AND c.objoid = s.oid AND c.objsubid > 0))
               ORDER BY s.oid) FILTER (WHERE NOT s.plain)
      INTO names, views
      FROM standing AS s;
    PERFORM ops.lock_views(names, budget);
    EXECUTE 'DROP VIEW ' || (SELECT string_agg(format('read.%I', n.name), ', ') FROM unnest(names) AS n (name));
    PERFORM ops.point_views(m.name) FROM unnest(moved) AS m (name);
    FOR saved IN
        SELECT v.* FROM jsonb_to_recordset(views) AS v (name text, text text, comment text, columns jsonb)
    LOOP
        EXECUTE format('CREATE VIEW read.%I WITH (security_invoker = true) AS %s', saved.name, saved.text);
        EXECUTE format('COMMENT ON VIEW read.%I IS %L', saved.name, saved.comment);
        EXECUTE coalesce((SELECT string_agg(format('COMMENT ON COLUMN read.%I.%I IS %L', saved.name, c.key, c.value), ';')
                            FROM jsonb_each_text(saved.columns) AS c), '');
    END LOOP;
    GRANT SELECT ON ALL TABLES IN SCHEMA read TO daybook_analyst;
END
$$;

-- Let generations serve, all views in one transaction. Each is folded up to the tail first, whose lock keeps the
-- projections still; the one that served becomes the previous one, and the one before that is retired, like a
-- candidate made before. Where tables and texts are what they were, only the plain views are pointed elsewhere; where a
-- table has another shape, what stands on it is made anew; where the texts have changed, everything is. A reader who
-- holds a view for longer than budget, in milliseconds, makes the swap give up whole (55P03): try again a little later,
-- so that nobody queues behind it. type NULL records nothing; rejects marks the one
-- that served as one not to come back by itself. Returns whether anything changed.
CREATE FUNCTION ops.swap(
    names text[], script text, digest text,
    type text DEFAULT NULL, tenant uuid DEFAULT NULL, reason text DEFAULT NULL, metadata jsonb DEFAULT NULL,
    rejects boolean DEFAULT false, budget integer DEFAULT 100
) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    tail  ops.tail;
    name  text;
    fresh ops.generations;
    old   ops.generations;
    anew  boolean;
    reshaped boolean := false;
    moved text[] := '{}';
    notes jsonb[] := '{}';
    note  jsonb;
BEGIN
    PERFORM FROM ops.gates WHERE gates.name = 'swap' FOR UPDATE;
    SELECT t.* INTO tail FROM ops.tail AS t FOR UPDATE;
    anew := tail.views_digest <> digest;
    FOREACH name IN ARRAY names LOOP
        PERFORM ops.join(name);
        SELECT g.* INTO fresh FROM ops.generations AS g WHERE g.schema = name;
        SELECT g.* INTO old FROM ops.generations AS g WHERE g.projection = fresh.projection AND g.role = 'serving';
        CONTINUE WHEN old.schema = name;
        anew := anew OR old.schema IS NULL;
        reshaped := reshaped OR ops.shape(old.schema) <> ops.shape(name);
        UPDATE ops.generations AS g SET role = 'retired'
         WHERE g.projection = fresh.projection
           AND (g.role = 'previous' OR g.role = 'candidate' AND g.created_at < fresh.created_at);
        UPDATE ops.generations AS g
           SET role = 'previous', rejected_at = CASE WHEN rejects THEN clock_timestamp() ELSE g.rejected_at END,
               state = CASE WHEN g.state IN ('following', 'paused') THEN 'behind' ELSE g.state END,
               position = CASE WHEN g.state = 'following' THEN tail.position ELSE g.position END
         WHERE g.schema = old.schema;
        UPDATE ops.generations AS g SET role = 'serving', rejected_at = NULL WHERE g.schema = name;
        moved := moved || name;
        IF old.schema IS NOT NULL THEN
            notes := notes || jsonb_build_object('projection', fresh.projection, 'generation', name, 'previous', old.schema,
                                                 'position', tail.position, 'reason', reason);
        END IF;
    END LOOP;
    IF NOT anew AND moved = '{}' THEN
        RETURN false;
    END IF;
    IF anew THEN
        PERFORM ops.drop_views(budget);
        PERFORM ops.point_views(g.schema) FROM ops.generations AS g WHERE g.role = 'serving';
        PERFORM set_config('search_path', 'read, public', true);
        EXECUTE script;
        PERFORM set_config('search_path', 'pg_catalog', true);
        GRANT SELECT ON ALL TABLES IN SCHEMA read TO daybook_analyst;
        UPDATE ops.tail SET views_digest = digest;
    ELSIF reshaped THEN
        PERFORM set_config('search_path', 'pg_catalog', true);
        PERFORM ops.remake_views(moved, budget);
    ELSE
        PERFORM ops.lock_views(array_agg(c.relname), budget) FROM pg_class AS c
          WHERE c.relkind = 'r' AND c.relnamespace IN (SELECT m.name::regnamespace FROM unnest(moved) AS m (name));
        FOREACH name IN ARRAY moved LOOP
            PERFORM ops.point_views(name);
        END LOOP;
    END IF;
    IF type IS NOT NULL THEN
        FOREACH note IN ARRAY notes LOOP
            PERFORM ops.record(note ->> 'projection', type, tenant, note, metadata);
        END LOOP;
    END IF;
    RETURN true;
END
$$;

-- Take the serving generation of a projection out of the advance, or back in: it then catches up and joins again.
CREATE FUNCTION ops.pause(projection text, tenant uuid, reason text, metadata jsonb) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    tail bigint;
BEGIN
    SELECT t.position INTO tail FROM ops.tail AS t FOR UPDATE;
    UPDATE ops.generations AS g
       SET state = 'paused', position = CASE WHEN g.state = 'following' THEN tail ELSE g.position END
     WHERE g.projection = pause.projection AND g.role = 'serving' AND g.state IN ('following', 'behind');
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM ops.record(projection, 'projection.paused', tenant, jsonb_build_object('projection', projection, 'position', tail, 'reason', reason), metadata);
    RETURN true;
END
$$;

CREATE FUNCTION ops.resume(projection text, tenant uuid, reason text, metadata jsonb) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    stood bigint;
BEGIN
    PERFORM FROM ops.tail FOR UPDATE;
    UPDATE ops.generations AS g SET state = 'behind', error = NULL
     WHERE g.projection = resume.projection AND g.role = 'serving' AND g.state IN ('paused', 'stopped')
    RETURNING g.position INTO stood;
    IF stood IS NULL THEN
        RETURN false;
    END IF;
    PERFORM ops.record(projection, 'projection.resumed', tenant, jsonb_build_object('projection', projection, 'position', stood, 'reason', reason), metadata);
    RETURN true;
END
$$;

-- Forget every generation and begin at position 0 of this log: the way on after an older log was restored.
CREATE FUNCTION ops.reset(tenant uuid, reason text, metadata jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM ops.gates WHERE gates.name = 'swap' FOR UPDATE;
    PERFORM FROM ops.tail FOR UPDATE;
    PERFORM ops.drop_views();
    UPDATE ops.generations SET role = 'retired';
    PERFORM ops.drop_generation(g.schema) FROM ops.generations AS g;
    DELETE FROM ops.blocks;
    UPDATE ops.tail SET position = 0, views_digest = '', log_id = (SELECT h.id FROM log.head AS h);
    PERFORM ops.record('all', 'projection.reset', tenant, jsonb_build_object('reason', reason), metadata);
END
$$;

-- What everybody may know of an error: its message may hold another tenant's data.
CREATE FUNCTION ops.reticent(error text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN error IS NOT NULL THEN 'The fold failed; operators see why.' END;

CREATE OR REPLACE VIEW read.freshness AS
SELECT g.projection AS name, CASE g.state WHEN 'following' THEN 'live' ELSE g.state END AS state,
       p.position, h.position AS head, h.position - p.position AS lag,
       coalesce(clock_timestamp() - e.recorded_at, interval '0') AS age,
       clock_timestamp() - t.heartbeat_at AS heartbeat_age, g.schema AS generation, ops.reticent(g.error) AS error
  FROM ops.generations AS g
 CROSS JOIN ops.tail AS t
 CROSS JOIN log.head AS h
 CROSS JOIN LATERAL (SELECT CASE g.state WHEN 'following' THEN t.position ELSE g.position END AS position) AS p
  LEFT JOIN log.events AS e ON e.position = p.position + 1
 WHERE g.role = 'serving'
    OR g.role = 'candidate' AND NOT EXISTS (SELECT FROM ops.generations AS s
                                             WHERE s.projection = g.projection AND s.role = 'serving');
COMMENT ON VIEW read.freshness IS
    'One row per projection: the position it has folded, the log''s head, lag in events, age of the oldest event not yet folded, and the time since the projector''s last sign of life. Key: name.';

CREATE VIEW read.generations AS
SELECT g.projection, g.schema AS generation, g.role, g.state, p.position, p.goal, p.goal - p.position AS lag,
       round(g.rate)::bigint AS events_per_second,
       CASE WHEN p.goal > p.position AND g.rate > 0 THEN make_interval(secs => (p.goal - p.position) / g.rate) END AS remaining,
       (SELECT count(*) FROM ops.parked AS k WHERE k.schema = g.schema)::integer AS parked,
       ops.reticent(g.error) AS error, g.created_at, g.built_at, g.rejected_at
  FROM ops.generations AS g
 CROSS JOIN ops.tail AS t
 CROSS JOIN LATERAL (SELECT CASE g.state WHEN 'following' THEN t.position ELSE g.position END AS position,
                            least(t.position, g.upto) AS goal) AS p;
COMMENT ON VIEW read.generations IS
    'One row per generation of a projection: what it is for, how far its building is, how fast it goes (events a second), how long it still takes, and how many streams are parked. Key: generation.';
GRANT SELECT ON read.generations TO daybook_service, daybook_analyst;
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.parked, ops.discarded, ops.blocks, ops.gates TO daybook_service;
