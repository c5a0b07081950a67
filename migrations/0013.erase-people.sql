-- Erases people: their private payloads and what the read tables hold of them, in one call; and looks for what is left.
-- For the operator: instant. PostgreSQL gathers no statistics of private payloads any more, since these are samples of them.
-- depends: 0012.throttle-logins

-- Sets the type that the column has: so the samples that were taken go, and no row is written.
ALTER TABLE log.private ALTER data SET STATISTICS 0, ALTER data TYPE jsonb;

-- What is still on its way when its person is erased, such as a login, is stored without its private part; so is what comes
-- in the name of an address that was released with him, until somebody has it again.
CREATE FUNCTION log.drop_erased() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT e.type FROM log.events AS e WHERE e.stream_id = NEW.subject_id
         ORDER BY e.version DESC LIMIT 1) IN ('account.erased', 'claim.released') THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER private_unless_erased
    BEFORE INSERT ON log.private
    FOR EACH ROW EXECUTE FUNCTION log.drop_erased();

-- Delete the private payloads of some subjects; the trigger private_erased keeps their hashes. Returns how many it was.
CREATE FUNCTION log.delete_private(subjects uuid[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    deleted bigint;
BEGIN
    DELETE FROM log.private AS p WHERE p.subject_id = ANY (subjects);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END
$$;

-- How many rows of generations this transaction has changed or deleted so far.
CREATE FUNCTION ops.touched() RETURNS bigint
LANGUAGE sql
AS $$
    SELECT coalesce(sum(pg_stat_get_xact_tuples_updated(c.oid) + pg_stat_get_xact_tuples_deleted(c.oid)), 0)
      FROM ops.generations AS g
      JOIN pg_namespace AS n ON n.nspname = g.schema
      JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relkind = 'r'
$$;

-- Blank the rows of some subjects in every generation whose text has a function forget(uuid), wherever it stands, and
-- delete their private payloads. Nobody installs or folds meanwhile: who did so before is waited for, so that no rows of
-- his come after. That takes budget milliseconds at most, or all is given up (55P03), since the projections wait too. A
-- generation whose forget fails is named and left as it is: the scan says what stands in it.
CREATE FUNCTION ops.forget(subjects uuid[], budget integer, OUT payloads bigint, OUT blanked bigint, OUT failed text[])
LANGUAGE plpgsql
AS $$
DECLARE
    path    text := current_setting('search_path');
    waits   text := current_setting('lock_timeout');
    name    text;
    subject uuid;
BEGIN
    PERFORM set_config('lock_timeout', budget::text, true);
    PERFORM FROM ops.gates WHERE gates.name = 'install' FOR UPDATE;
    PERFORM FROM ops.tail FOR UPDATE;
    PERFORM FROM ops.generations AS g ORDER BY g.schema FOR UPDATE;
    PERFORM set_config('lock_timeout', waits, true);
    blanked := -ops.touched();
    failed := '{}';
    FOR name IN
        SELECT n.nspname
          FROM pg_proc AS p
          JOIN pg_namespace AS n ON n.oid = p.pronamespace
          JOIN ops.generations AS g ON g.schema = n.nspname
         WHERE p.proname = 'forget' AND p.pronargs = 1 AND p.proargtypes[0] = 'uuid'::regtype
         ORDER BY 1
    LOOP
        BEGIN
            PERFORM set_config('search_path', format('%I, public', name), true);
            FOREACH subject IN ARRAY subjects LOOP
                EXECUTE format('SELECT %I.forget($1)', name) USING subject;
            END LOOP;
        EXCEPTION
            WHEN OTHERS THEN
                IF left(SQLSTATE, 2) IN ('40', '53', '55', '57', '58') THEN
                    RAISE;
                END IF;
                failed := failed || name;
        END;
    END LOOP;
    PERFORM set_config('search_path', path, true);
    blanked := blanked + ops.touched();
    UPDATE ops.parked AS k SET error = 'What it said was forgotten with the person.' WHERE k.stream_id = ANY (subjects);
    payloads := log.delete_private(subjects);
END
$$;

-- Erase a person: forget the subjects that stand for him, and append the events that say so, one of each of these
-- streams, with one of the erasure's own stream, erasure.begun, that keeps the reason and the counts. All of it happens
-- or nothing. The head's lock, for which others' appends wait, is taken last; what they stored of him before it is then
-- deleted too, and what comes after it is stored without its private part. outcome is appended, duplicate, or conflict
-- (then actual is the version that one of the streams has).
CREATE FUNCTION log.erase(
    account uuid, subjects uuid[], budget integer, key uuid, fingerprint bytea, tenant uuid, reason text, metadata text,
    streams uuid[], versions integer[], categories text[], types text[], data text[],
    OUT outcome text, OUT "position" bigint, OUT erased_at timestamptz,
    OUT payloads bigint, OUT blanked bigint, OUT failed text[], OUT actual integer
)
LANGUAGE plpgsql
AS $$
DECLARE
    own   uuid := md5('erasure/' || tenant || '/' || account)::uuid;
    size  CONSTANT integer := cardinality(streams) + 1;
    last  integer;
    begun jsonb;
    said  record;
BEGIN
    BEGIN
        SELECT f.* INTO payloads, blanked, failed FROM ops.forget(subjects, budget) AS f;
        SELECT e.version INTO last FROM log.events AS e WHERE e.stream_id = own ORDER BY e.version DESC LIMIT 1;
        begun := jsonb_build_object('account', account, 'reason', reason, 'subjects', subjects, 'payloads', payloads,
                                    'blanked', blanked, 'failed', failed);
        SELECT a.* INTO said
          FROM log.append(ARRAY[key], ARRAY[fingerprint], ARRAY[1], ARRAY[size], NULL, NULL,
                          streams || own, versions || (coalesce(last, 0) + 1), array_fill(tenant, ARRAY[size]),
                          categories || 'erasure'::text, types || 'erasure.begun'::text, data || begun::text,
                          array_fill(metadata, ARRAY[size]), NULL, NULL) AS a;
        outcome := coalesce(said.outcomes[1], 'appended');
        actual := said.actual[1];
        IF outcome NOT IN ('appended', 'duplicate') THEN
            RAISE EXCEPTION USING ERRCODE = 'DB001';
        END IF;
        position := coalesce(said.positions[1], said.base + 1);
        payloads := payloads + log.delete_private(subjects);
        SELECT e.recorded_at INTO erased_at FROM log.events AS e WHERE e.position = erase.position;
    EXCEPTION
        WHEN SQLSTATE 'DB001' THEN NULL;
    END;
END
$$;

-- Every table that holds rows, and the samples that PostgreSQL keeps of them; of a table of its own, how many pages it
-- has. readable: whether the caller would see all of its rows.
CREATE FUNCTION ops.holdings() RETURNS TABLE (schema text, "table" text, pages bigint, readable boolean)
LANGUAGE sql
AS $$
    SELECT n.nspname, c.relname, pg_relation_size(c.oid) / current_setting('block_size')::integer,
           has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)
      FROM pg_class AS c
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm') AND c.relispopulated
       AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
     UNION ALL
    SELECT 'pg_catalog', 'pg_stats', NULL, true
     ORDER BY 1, 2
$$;

-- Make PostgreSQL take its samples anew, of those tables in whose samples there is something like what is looked for.
-- A table that is not the caller's own is left as it is; the scan finds what stands in its samples.
CREATE FUNCTION ops.sample_anew(likes text[]) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    item  record;
    taken integer := 0;
BEGIN
    FOR item IN
        SELECT DISTINCT s.schemaname, s.tablename FROM pg_stats AS s
         WHERE lower(concat_ws(' ', to_json(s.most_common_vals::text), to_json(s.histogram_bounds::text),
                               to_json(s.most_common_elems::text)) COLLATE "C") LIKE ANY (likes)
         ORDER BY 1, 2
    LOOP
        EXECUTE format('ANALYZE %I.%I', item.schemaname, item.tablename);
        taken := taken + 1;
    END LOOP;
    RETURN taken;
END
$$;

-- The text of a table's rows, as an expression: JSON of what can hold words, as if in lower case where that is ASCII. Of
-- main and beside, beside has the columns that are called metadata.
CREATE FUNCTION ops.readings(schema text, "table" text, OUT main text, OUT beside text, OUT subject text, OUT naming text)
LANGUAGE sql STABLE
AS $$
    SELECT coalesce('lower(concat_ws('' '', ' || string_agg(p.reading, ', ') FILTER (WHERE a.attname <> 'metadata') || ') COLLATE "C")', ''''''),
           coalesce('lower(concat_ws('' '', ' || string_agg(p.reading, ', ') FILTER (WHERE a.attname = 'metadata') || ') COLLATE "C")', ''''''),
           coalesce(string_agg(format('coalesce(t.%I = ANY ($4), false)', a.attname), ' OR ') FILTER (WHERE a.atttypid = 'uuid'::regtype AND a.attname <> 'tenant_id'), 'false'),
           format('jsonb_build_object(%s)', coalesce(string_agg(format('%L, t.%I', a.attname, a.attname), ', ')
                  FILTER (WHERE a.atttypid = 'uuid'::regtype OR a.attname = 'position' AND a.atttypid = 'bigint'::regtype), ''))
      FROM pg_attribute AS a
      JOIN pg_type AS y ON y.oid = a.atttypid
     CROSS JOIN LATERAL (SELECT CASE
               WHEN a.atttypid = 'bytea'::regtype THEN format('encode(t.%I, ''escape'')', a.attname)
               WHEN a.atttypid = 'jsonb'::regtype THEN format('t.%I::text', a.attname)
               WHEN a.atttypid = 'json'::regtype THEN format('to_jsonb(t.%I)::text', a.attname)
               WHEN a.atttypid = 'tsvector'::regtype THEN format('to_json(tsvector_to_array(t.%I))::text', a.attname)
               WHEN y.typtype IN ('b', 'd') AND y.typcategory = 'A' THEN format('to_json(t.%I)::text', a.attname)
               WHEN a.atttypid = 'uuid'::regtype OR y.typcategory IN ('B', 'N') THEN NULL
               WHEN a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'interval'::regtype) THEN NULL
               WHEN y.typname IN ('vector', 'halfvec', 'sparsevec') THEN NULL
               ELSE format('to_json(t.%I::text)::text', a.attname)
           END AS reading) AS p
     WHERE a.attrelid = format('%I.%I', schema, "table")::regclass AND a.attnum > 0 AND NOT a.attisdropped
$$;

-- What a row is in which something like the person's data was found: elsewhere (another tenant's), trace, others (it may
-- be the data of whoever the row names), or NULL (it only looked like it).
CREATE FUNCTION ops.weigh(
    reading text, naming jsonb, common boolean, account uuid, subjects uuid[], tenant uuid, unique_regex text, shared_regex text
) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    own   boolean;
    owner uuid := naming ->> 'tenant_id';
BEGIN
    IF owner IS NULL THEN
        SELECT e.tenant_id INTO owner FROM log.events AS e WHERE e.position = (naming ->> 'position')::bigint;
    END IF;
    IF owner <> tenant THEN
        RETURN 'elsewhere';
    ELSIF common OR reading ~ unique_regex THEN
        RETURN 'trace';
    ELSIF NOT reading ~ shared_regex THEN
        RETURN NULL;
    END IF;
    own := strpos(reading, account::text) > 0 OR EXISTS (SELECT FROM jsonb_each_text(naming) AS n WHERE n.value = ANY (subjects::text[]));
    RETURN CASE WHEN NOT own AND EXISTS (
        SELECT
          FROM (SELECT n.value FROM jsonb_each_text(naming) AS n
                 UNION ALL
                SELECT m[1] FROM regexp_matches(reading, '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'g') AS m) AS named
          JOIN log.events AS e ON e.stream_id = named.value::uuid AND e.version = 1 AND e.category IN ('account', 'claim')
         WHERE named.value ~ '^[0-9a-f]{8}-') THEN 'others' ELSE 'trace' END;
END
$$;

-- Look for a person in a table, or in the pages from after to before upto of one whose rows never move. likes are what identifies
-- him, as LIKE patterns, and unique_regex and shared_regex the same as regular expressions: what only he can have, and what
-- others may have too. common are what is only his in a row that names him. Returns the rows that were looked at, those
-- with a trace, and those that are somebody else's.
CREATE FUNCTION ops.find_traces(
    schema text, "table" text, after bigint, upto bigint, account uuid, subjects uuid[], tenant uuid,
    likes text[], common text[], unique_regex text, shared_regex text,
    OUT rows bigint, OUT traces bigint, OUT others bigint, OUT elsewhere bigint
)
LANGUAGE plpgsql STABLE
SET jit = off
AS $$
DECLARE
    read record;
BEGIN
    SELECT r.* INTO read FROM ops.readings(schema, "table") AS r;
    EXECUTE format($query$
        SELECT count(*), count(*) FILTER (WHERE v.verdict = 'trace'), count(*) FILTER (WHERE v.verdict = 'others'),
               count(*) FILTER (WHERE v.verdict = 'elsewhere')
          FROM (SELECT CASE WHEN l.common OR r.main LIKE ANY ($5) OR r.beside LIKE ANY ($5) THEN
                           ops.weigh(r.main || ' ' || r.beside, r.naming, l.common, $3, $4, $7, $8, $9)
                       END AS verdict
                  FROM (SELECT %1$s AS main, %2$s AS beside, %3$s AS subject, %4$s AS naming FROM %5$I.%6$I AS t %7$s OFFSET 0) AS r
                 CROSS JOIN LATERAL (SELECT (r.subject OR r.main LIKE '%%' || $3 || '%%') AND r.main LIKE ANY ($6)
                                            OR r.beside LIKE '%%' || $3 || '%%' AND r.beside LIKE ANY ($6) AS common) AS l
                OFFSET 0) AS v
    $query$, read.main, read.beside, read.subject, read.naming, schema, "table",
    CASE WHEN upto IS NOT NULL THEN 'WHERE t.ctid > format(''(%s,0)'', $1)::tid AND t.ctid < format(''(%s,0)'', $2)::tid' ELSE 'WHERE $1 IS NULL OR $2 IS NULL' END)
    INTO rows, traces, others, elsewhere
    USING after, upto, account, subjects, likes, common, tenant, unique_regex, shared_regex;
END
$$;

REVOKE ALL ON FUNCTION log.delete_private, log.erase, ops.forget FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.delete_private, log.erase, ops.forget TO daybook_service;
-- So that the scan can say of every table that it was read.
GRANT SELECT ON log.restoration, public._yoyo_log, public._yoyo_migration, public._yoyo_version, public.yoyo_lock,
    public.migration_checksums TO daybook_service;
