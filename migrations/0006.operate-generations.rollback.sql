-- Takes back the generations' roles: the ones that serve stay, all others are dropped with their schemas.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT g.schema FROM ops.generations AS g WHERE g.role <> 'serving' LOOP
        PERFORM ops.drop_generation(name);
    END LOOP;
END
$$;
DROP FUNCTION ops.note_types(bigint, bigint);
DROP FUNCTION ops.advance(bigint, double precision);
DROP FUNCTION ops.join(text);
DROP FUNCTION ops.build(text, bigint);
DROP FUNCTION ops.finish(text, text);
DROP FUNCTION ops.park(text, bigint, text);
DROP FUNCTION ops.fold_or_park(text, bigint, bigint);
DROP FUNCTION ops.sweep();
DROP FUNCTION ops.drop_generation(text);
DROP FUNCTION ops.install(text, text, text, text[], text, text, text, bigint, uuid[]);
DROP TABLE ops.blocks, ops.discarded, ops.parked;
DROP TABLE ops.gates;
ALTER TABLE ops.tail DROP COLUMN due_at, DROP COLUMN secret;
DROP INDEX ops.generations_serving_idx, ops.generations_previous_idx;
ALTER TABLE ops.generations DROP CONSTRAINT generations_state_check;
UPDATE ops.generations SET state = CASE state WHEN 'following' THEN 'live' ELSE 'stopped' END;
ALTER TABLE ops.generations
    DROP COLUMN script, DROP COLUMN indexes, DROP COLUMN role, DROP COLUMN upto, DROP COLUMN tenants, DROP COLUMN rate,
    DROP COLUMN built_at, DROP COLUMN rejected_at,
    ADD CONSTRAINT generations_state_check CHECK (state IN ('building', 'live', 'stopped'));
CREATE UNIQUE INDEX generations_current_idx ON ops.generations (projection) WHERE state <> 'building';

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
