-- Lets views be queried by name: one tenant's rows, filtered, sorted, in pages; the rows that have changed since a
-- position; and for analysts in psql, a wait for a position.
-- For the operator: instant.
-- depends: 0008.seal-log

-- The columns that identify a row of a view, as its comment names them at its end: "Key: tenant_id, day."
CREATE FUNCTION ops.view_key(view oid) RETURNS text[]
LANGUAGE sql STABLE
RETURN string_to_array(substring(obj_description(view, 'pg_class') FROM 'Key: ([^.]+)\.$'), ', ');

-- The columns of a view of schema read in order, their types, and those that identify a row. Like the functions below
-- it refuses what is asked wrongly as invalid_parameter_value, and names the parameter as COLUMN.
CREATE FUNCTION ops.view_shape(view text, OUT names text[], OUT types text[], OUT key text[])
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    SELECT array_agg(a.attname::text ORDER BY a.attnum), array_agg(format_type(a.atttypid, NULL) ORDER BY a.attnum), ops.view_key(c.oid)
      INTO names, types, key
      FROM pg_class AS c
      JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relnamespace = 'read'::regnamespace AND c.relname = view AND c.relkind = 'v'
     GROUP BY c.oid;
    IF names IS NULL THEN
        RAISE EXCEPTION 'There is no view of that name.' USING ERRCODE = 'undefined_table';
    ELSIF NOT coalesce(key <@ names, false) THEN
        RAISE EXCEPTION 'The comment on read.% does not say which columns identify a row, so it cannot be read in pages.', view
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
END
$$;

-- Return the type of a column, or refuse a parameter that names one that is not there.
CREATE FUNCTION ops.view_column(names text[], types text[], parameter text, name text) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    IF name = ANY (names) THEN
        RETURN types[array_position(names, name)];
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', COLUMN = parameter,
        MESSAGE = format('The view has no column “%s”; it has %s.', left(name, 100), array_to_string(names, ', '));
END
$$;

-- Return what a filter such as lessons_ready.gte=3 says of a row r, as SQL. All that the caller gave is quoted, and is
-- tried on a row of nothing first, so that a value of another type is refused here.
CREATE FUNCTION ops.view_condition(names text[], types text[], parameter text, value text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    dotted   boolean := parameter LIKE '%.%' AND parameter <> ALL (names);
    operator text := CASE WHEN dotted THEN substring(parameter FROM '[^.]*$') ELSE 'eq' END;
    name     text := CASE WHEN dotted THEN left(parameter, -1 - length(operator)) ELSE parameter END;
    type     text := ops.view_column(names, types, parameter, name);
    sign     text;
    said     text;
    fault    text;
BEGIN
    sign := CASE operator WHEN 'eq' THEN '=' WHEN 'ne' THEN 'IS DISTINCT FROM' WHEN 'lt' THEN '<' WHEN 'lte' THEN '<='
                          WHEN 'gt' THEN '>' WHEN 'gte' THEN '>=' WHEN 'like' THEN 'LIKE' WHEN 'ilike' THEN 'ILIKE' END;
    IF operator = 'is' AND value IN ('null', 'notnull') THEN
        said := format('r.%I IS %s', name, CASE value WHEN 'null' THEN 'NULL' ELSE 'NOT NULL' END);
    ELSIF operator = 'in' THEN
        said := format('r.%I IN (%s)', name, (SELECT string_agg(format('%L::%s', v, type), ', ') FROM unnest(string_to_array(value, ',')) AS v));
        fault := CASE WHEN value = '' THEN 'Give one value, or several with commas between them.' END;
    ELSIF operator IN ('like', 'ilike') THEN
        said := format('r.%I::text %s %L', name, sign, value);
        fault := CASE WHEN length(substring(value FROM '\\*$')) % 2 = 1 THEN 'The pattern ends with a backslash, which must stand before something.' END;
    ELSIF sign IS NOT NULL THEN
        said := format('r.%I %s %L::%s', name, sign, value, type);
    ELSE
        fault := CASE operator WHEN 'is' THEN 'A column can be compared by is with null or notnull only.'
                 ELSE 'A comparison is one of eq, ne, lt, lte, gt, gte, in, like, ilike and is.' END;
    END IF;
    IF fault IS NULL THEN
        BEGIN
            EXECUTE format('SELECT FROM (SELECT NULL::%s AS %I) AS r WHERE ', type, name) || said;
            RETURN said;
        EXCEPTION
            -- A text search vector calls a value that it cannot read a syntax error.
            WHEN data_exception OR syntax_error THEN fault := format('The value is not one of type %s.', type);
            WHEN undefined_function OR ambiguous_function OR datatype_mismatch OR cannot_coerce THEN
                fault := format('A column of type %s cannot be compared by %s.', type, operator);
        END;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', COLUMN = parameter, MESSAGE = fault;
END
$$;

-- Return which rows r a tenant asks for, as SQL. A view without tenants, such as freshness, shows all its rows.
CREATE FUNCTION ops.view_filter(names text[], types text[], tenant uuid, filters jsonb) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT concat_ws(' AND ', CASE WHEN 'tenant_id' = ANY (names) THEN format('r.tenant_id = %L::uuid', tenant) ELSE 'true' END,
                     string_agg(ops.view_condition(names, types, f.key, f.value), ' AND '))
      FROM jsonb_each_text(filters) AS f
$$;

-- Return the columns of a row r that are asked for, all if none is, as a list in SQL. JSON may have line breaks; jsonb
-- has none.
CREATE FUNCTION ops.view_list(names text[], types text[], columns text[]) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT string_agg(format(CASE ops.view_column(names, types, 'columns', c.name)
                                 WHEN 'json' THEN 'r.%1$I::jsonb AS %1$I' ELSE 'r.%1$I' END, c.name), ', ' ORDER BY c.n)
      FROM unnest(CASE columns WHEN '{}' THEN names ELSE columns END) WITH ORDINALITY AS c (name, n)
$$;

-- Return a row r as a line of CSV (RFC 4180), as SQL: NULL is nothing and an empty text "", what has parts is JSON. A
-- text that a spreadsheet would take for a formula has an apostrophe before it.
CREATE FUNCTION ops.view_csv(names text[], types text[], columns text[]) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT string_agg(format(CASE
               WHEN t.type IN ('smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision', 'uuid', 'date')
                   THEN 'coalesce(r.%1$I::text, '''')'
               WHEN t.type IN ('boolean', 'timestamp with time zone') THEN 'coalesce(to_json(r.%1$I) #>> ''{}'', '''')'
               WHEN t.type IN ('text', 'character varying')
                   THEN 'CASE WHEN r.%1$I ~ ''^$|^[-=+@\t\r]|[",\r\n]'' '
                     || 'THEN ''"'' || replace(regexp_replace(r.%1$I, ''^[-=+@\t\r]'', ''''''\&''), ''"'', ''""'') || ''"'' '
                     || 'ELSE coalesce(r.%1$I, '''') END'
               WHEN t.type IN ('json', 'jsonb') THEN 'coalesce(''"'' || replace(r.%1$I::text, ''"'', ''""'') || ''"'', '''')'
               ELSE 'coalesce(''"'' || replace(CASE json_typeof(to_json(r.%1$I)) WHEN ''string'' THEN to_json(r.%1$I) #>> ''{}'' '
                 || 'ELSE to_json(r.%1$I)::text END, ''"'', ''""'') || ''"'', '''')' END, c.name), ' || '','' || ' ORDER BY c.n)
      FROM unnest(columns) WITH ORDINALITY AS c (name, n)
     CROSS JOIN LATERAL (SELECT ops.view_column(names, types, 'columns', c.name) AS type) AS t
$$;

-- Return which rows r come after the one whose values of the sorted columns are given, as SQL. NULL is above all else,
-- as in ORDER BY. A column of the key is never NULL; where only those are sorted by, an index can find the place.
CREATE FUNCTION ops.view_beyond(names text[], types text[], sorted text[], descending boolean[], key text[], after text[]) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    said   text := 'false';
    name   text;
    value  text;
    sign   text;
    beyond text;
BEGIN
    IF cardinality(after) <> cardinality(sorted) THEN
        RAISE EXCEPTION 'The view has changed since this cursor was given out; start again without it.'
            USING ERRCODE = 'invalid_parameter_value', COLUMN = 'cursor';
    END IF;
    FOR i IN REVERSE cardinality(sorted)..1 LOOP
        name := sorted[i];
        value := format('%L::%s', after[i], types[array_position(names, name)]);
        sign := CASE WHEN descending[i] THEN '<' ELSE '>' END;
        beyond := CASE WHEN after[i] IS NULL AND descending[i] THEN format('r.%I IS NOT NULL', name)
                       WHEN after[i] IS NULL THEN 'false'
                       WHEN descending[i] OR name = ANY (key) THEN format('r.%I %s ', name, sign) || value
                       ELSE format('(r.%1$I > ', name) || value || format(' OR r.%I IS NULL)', name) END;
        said := '(' || beyond || format(' OR r.%I ', name) || CASE WHEN after[i] IS NULL THEN 'IS NULL' ELSE '= ' || value END
             || ' AND ' || said || ')';
    END LOOP;
    IF after[1] IS NOT NULL AND (descending[1] OR name = ANY (key)) THEN
        said := said || format(' AND r.%I %s= ', name, sign) || value;
    END IF;
    RETURN said;
END
$$;

-- A page of the rows of one tenant: as JSON objects with commas between them, as lines of JSON, or as lines of CSV, the
-- first of which has the names. sort names columns, those with - before them descending; the key follows by itself.
-- after is what last was for the page before. A page ends after lim rows, or when it has become as long as budget says,
-- in characters; more tells whether any are left. columns are those that were taken.
CREATE FUNCTION ops.query(
    view text, tenant uuid, filters jsonb, sort text[], INOUT columns text[], after text[], lim integer, budget integer, format text,
    OUT page bytea, OUT "rows" integer, OUT last text[], OUT more boolean
)
LANGUAGE plpgsql STABLE
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET jit = off
AS $$
DECLARE
    shape      record;
    sorted     text[] := '{}';
    descending boolean[] := '{}';
    name       text;
    wanted     text;
    ordered    text;
    lines      text[] := '{}';
    size       bigint := 0;
    line_end   text := CASE format WHEN 'csv' THEN E'\r\n' ELSE E'\n' END;
    item       record;
BEGIN
    SELECT s.* INTO shape FROM ops.view_shape(view) AS s;
    FOREACH name IN ARRAY sort LOOP
        PERFORM ops.view_column(shape.names, shape.types, 'sort', regexp_replace(name, '^-', ''));
        sorted := sorted || regexp_replace(name, '^-', '');
        descending := descending || (name LIKE '-%');
    END LOOP;
    FOREACH name IN ARRAY shape.key LOOP
        CONTINUE WHEN name = ANY (sorted) OR (name = 'tenant_id' AND cardinality(shape.key) > 1);
        sorted := sorted || name;
        descending := descending || false;
    END LOOP;
    columns := CASE columns WHEN '{}' THEN shape.names ELSE columns END;
    wanted := ops.view_filter(shape.names, shape.types, tenant, filters);
    IF after IS NOT NULL THEN
        wanted := wanted || ' AND ' || ops.view_beyond(shape.names, shape.types, sorted, descending, shape.key, after);
    END IF;
    SELECT string_agg(format('r.%I', s.name) || CASE WHEN s.down THEN ' DESC' ELSE '' END, ', ' ORDER BY s.n) INTO ordered
      FROM unnest(sorted, descending) WITH ORDINALITY AS s (name, down, n);
    "rows" := 0;
    more := false;
    IF format = 'csv' AND after IS NULL THEN
        lines := ARRAY[(SELECT string_agg(CASE WHEN c ~ '[",\r\n]' THEN '"' || replace(c, '"', '""') || '"' ELSE c END, ',' ORDER BY n)
                          FROM unnest(columns) WITH ORDINALITY AS u (c, n))];
    END IF;
    FOR item IN EXECUTE
        'SELECT ' || CASE format WHEN 'csv' THEN ops.view_csv(shape.names, shape.types, columns) ELSE 'row_to_json(x)::text' END || ' AS line, ARRAY['
        || (SELECT string_agg(format('r.%I::text', c), ', ' ORDER BY n) FROM unnest(sorted) WITH ORDINALITY AS u (c, n)) || '] AS place'
        || format('  FROM (SELECT * FROM read.%I AS r WHERE ', view) || wanted || ' ORDER BY ' || ordered || format(' LIMIT %s) AS r', lim + 1)
        || ' CROSS JOIN LATERAL (SELECT ' || ops.view_list(shape.names, shape.types, columns) || ') AS x ORDER BY ' || ordered
    LOOP
        more := "rows" = lim OR size >= budget;
        EXIT WHEN more;
        lines := array_append(lines, item.line);
        size := size + length(item.line);
        last := item.place;
        "rows" := "rows" + 1;
    END LOOP;
    page := convert_to(CASE WHEN format = 'json' THEN array_to_string(lines, ',') WHEN lines = '{}' THEN ''
                            ELSE array_to_string(lines, line_end) || line_end END, 'UTF8');
END
$$;

-- Up to which position a view shows all there is: the tail's, or less where a projection below it does not follow.
CREATE FUNCTION ops.view_position(view text) RETURNS bigint
LANGUAGE sql STABLE
AS $$
    SELECT least(t.position, (SELECT min(g.position) FROM ops.sources(view) AS s
                                JOIN ops.generations AS g ON g.schema = s.generation
                               WHERE g.state <> 'following'))
      FROM ops.tail AS t
$$;

-- The rows of a view that changed after a position, or after a row of it, and up to another: for everybody who is
-- interested at once, in one reading. interests is an array of {tenant, filters, columns}. The first row of the answer
-- says up to which position it is complete; of each other row, body is what its interest, counted from 0, gets to see.
-- At most lim rows of the view are read: with so many, ask again after the last. after NULL asks for the first row only.
CREATE FUNCTION ops.changes(view text, interests jsonb, after bigint, after_key text[], upto bigint, lim integer)
RETURNS TABLE ("position" bigint, key text[], interest integer, body bytea)
LANGUAGE plpgsql STABLE
SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    shape   record;
    sorted  text[];
    beyond  text;
    ordered text;
    wanted  text;
    bodies  text;
BEGIN
    SELECT s.* INTO shape FROM ops.view_shape(view) AS s;
    IF NOT ARRAY['tenant_id', 'position'] <@ shape.names THEN
        RAISE EXCEPTION 'The rows of read.% do not say which event changed them last, so they cannot be followed.', view
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    sorted := ARRAY['position'] || array_remove(shape.key, 'position');
    SELECT string_agg('(' || w.said || ')', ' OR '),
           string_agg(format('(%s, CASE WHEN ', i.n - 1) || w.said || ' THEN (SELECT row_to_json(x)::text FROM (SELECT ' || w.list || ') AS x) END)', ', ')
      INTO wanted, bodies
      FROM jsonb_array_elements(interests) WITH ORDINALITY AS i (it, n)
     CROSS JOIN LATERAL (SELECT ops.view_filter(shape.names, shape.types, (i.it ->> 'tenant')::uuid, i.it -> 'filters') AS said,
                                ops.view_list(shape.names, shape.types, ARRAY(SELECT jsonb_array_elements_text(i.it -> 'columns'))) AS list) AS w;
    upto := coalesce(upto, ops.view_position(view));
    RETURN QUERY SELECT upto, NULL::text[], NULL::integer, NULL::bytea;
    IF after IS NULL OR after > upto THEN
        RETURN;
    END IF;
    beyond := CASE WHEN after_key IS NULL THEN format('r.position > %L::bigint', after)
                   ELSE ops.view_beyond(shape.names, shape.types, sorted, array_fill(false, ARRAY[cardinality(sorted)]), sorted,
                                        after::text || after_key) END;
    SELECT string_agg(format('r.%I', c), ', ' ORDER BY n) INTO ordered FROM unnest(sorted) WITH ORDINALITY AS u (c, n);
    RETURN QUERY EXECUTE
        'SELECT r.position, ARRAY['
        || (SELECT coalesce(string_agg(format('r.%I::text', c), ', ' ORDER BY n), '') FROM unnest(sorted[2:]) WITH ORDINALITY AS u (c, n))
        || ']::text[], m.interest, convert_to(m.body, ''UTF8'')'
        || format('  FROM (SELECT * FROM read.%I AS r WHERE ', view) || beyond || format(' AND r.position <= %L::bigint AND (', upto)
        || wanted || ') ORDER BY ' || ordered || format(' LIMIT %s) AS r', lim)
        || ' CROSS JOIN LATERAL (VALUES ' || bodies || ') AS m (interest, body) WHERE m.body IS NOT NULL ORDER BY ' || ordered || ', m.interest';
END
$$;

-- Wait until the read models have come to a position, such as one that a command has returned; true once they have,
-- false when the time is up. Each look is a statement of its own, so it sees what is committed by then.
CREATE FUNCTION read.wait_for("position" bigint, timeout interval DEFAULT interval '10 seconds') RETURNS boolean
LANGUAGE plpgsql STRICT SECURITY DEFINER
SET search_path = pg_catalog
AS $$
DECLARE
    deadline timestamptz := clock_timestamp() + timeout;
    pause    double precision := 0.01;
    left_    double precision;
    reached  bigint;
    head     bigint;
BEGIN
    LOOP
        SELECT t.position INTO reached FROM ops.tail AS t;
        IF reached >= wait_for.position THEN
            RETURN true;
        END IF;
        IF head IS NULL THEN
            IF current_setting('transaction_isolation') <> 'read committed' THEN
                RAISE EXCEPTION 'A transaction that is % sees nothing new, however long it waits; call read.wait_for before it begins', current_setting('transaction_isolation')
                    USING ERRCODE = 'invalid_transaction_state';
            END IF;
            SELECT h.position INTO head FROM log.head AS h;
            IF wait_for.position > head THEN
                RAISE EXCEPTION 'This log ends at position %, so position % is not of this log', head, wait_for.position
                    USING ERRCODE = 'invalid_parameter_value';
            END IF;
        END IF;
        left_ := extract(epoch FROM deadline - clock_timestamp());
        IF left_ <= 0 THEN
            RETURN false;
        END IF;
        PERFORM pg_sleep(least(pause, left_));
        pause := least(pause * 1.5, 0.25);
    END LOOP;
END
$$;
COMMENT ON FUNCTION read.wait_for(bigint, interval) IS
    'Waits until the views have come to a position, for 10 seconds unless told otherwise; tells whether they have. Call it as a statement of its own, before the query.';
REVOKE EXECUTE ON FUNCTION read.wait_for(bigint, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION read.wait_for(bigint, interval) TO daybook_analyst, daybook_service;
