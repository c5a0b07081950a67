-- Lets analysts log in and read the rows of their own tenant, through the views of schema read and nothing else.
-- For the operator: instant. The role daybook_analyst is the cluster's; it can do nothing where no log is.
-- depends: 0004.create-projections

-- Every analyst's login is a member of this role, and has no right but by it. Roles belong to the whole cluster, so
-- the role may already be there, and a rollback leaves it.
DO $$
BEGIN
    CREATE ROLE daybook_analyst NOLOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

-- Whose rows a login sees. A member of daybook_analyst that is not in here sees none.
CREATE TABLE IF NOT EXISTS ops.analysts (
    role       text        NOT NULL,
    tenant_id  uuid        NOT NULL,
    created_by text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT analysts_pkey PRIMARY KEY (role)
);

-- The tenant of whoever logged in; NULL where that is no analyst. It goes by session_user, the name that was
-- authenticated: current_user is the owner in here, outside it follows SET ROLE, and a setting could be set by anybody.
-- Only a superuser can become another session_user. PUBLIC may ask, since a view's functions are run by its reader.
CREATE FUNCTION ops.analyst_tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.tenant_id FROM ops.analysts AS a WHERE a.role = session_user
$$;

-- Let analysts read the tables of a generation, each only the rows of his tenant. The owner, who folds and serves, is
-- not bound by that. Analysts get no USAGE on the schema: they reach the tables through the views of schema read,
-- whose security_invoker asks for rights on the tables and not on their schema. Safe to call again. The tenant is a
-- subquery of its own, so it is asked for once a statement, and an index on tenant_id stays useful.
CREATE FUNCTION ops.guard(schema text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT c.relname, c.relrowsecurity AS guarded,
               EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polname = 'own_tenant') AS bound,
               EXISTS (SELECT FROM pg_attribute AS a
                        WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.atttypid = 'uuid'::regtype) AS owned
          FROM pg_class AS c
         WHERE c.relnamespace = to_regnamespace(quote_ident(schema)) AND c.relkind IN ('r', 'p')
         ORDER BY c.relname
    LOOP
        IF NOT item.owned THEN
            RAISE EXCEPTION 'The table % of % has no column tenant_id uuid: give it one, so that analysts see the rows of their own tenant', item.relname, schema
                USING ERRCODE = 'undefined_column';
        END IF;
        IF NOT item.guarded THEN
            EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', schema, item.relname);
        END IF;
        IF NOT item.bound THEN
            EXECUTE format('CREATE POLICY own_tenant ON %I.%I FOR SELECT TO daybook_analyst USING (tenant_id = (SELECT ops.analyst_tenant()))', schema, item.relname);
        END IF;
        EXECUTE format('GRANT SELECT ON %I.%I TO daybook_analyst', schema, item.relname);
    END LOOP;
END
$$;

-- Create an analyst's login, and record it in the same transaction. verifier is a SCRAM-SHA-256 verifier: whoever
-- knows the password does not send it. The settings are for his own good, and he may change them: what he may not do
-- is not granted. What PUBLIC may do in a new database, he could do too, and so could anybody; his first login takes
-- the making of temporary tables and large objects from PUBLIC. Refused where he would still hold a right to make
-- anything.
CREATE FUNCTION ops.create_analyst(name text, tenant uuid, verifier text, reason text, metadata jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    held text;
BEGIN
    IF EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = name) THEN
        RAISE EXCEPTION 'There is a role % already, in this database or another of the same server: choose another name', name
            USING ERRCODE = 'duplicate_object';
    END IF;
    IF verifier !~ '^SCRAM-SHA-256\$\d+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$' THEN
        RAISE EXCEPTION 'The verifier of % is no SCRAM-SHA-256 verifier', name USING ERRCODE = 'invalid_password';
    END IF;
    EXECUTE format('CREATE ROLE %I LOGIN INHERIT CONNECTION LIMIT 5 PASSWORD %L IN ROLE daybook_analyst', name, verifier);
    EXECUTE format('ALTER ROLE %I SET default_transaction_read_only = on', name);
    EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', name, '30s');
    EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', name, '5s');
    EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', name, '60s');
    EXECUTE format('ALTER ROLE %I SET search_path = read', name);
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    IF NOT has_database_privilege(name, current_database(), 'CONNECT') THEN
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO daybook_analyst', current_database());
    END IF;
    IF (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user) THEN
        EXECUTE format('ALTER ROLE %I SET temp_file_limit = %L', name, '2GB');
        REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;
    END IF;
    SELECT string_agg(r.sentence, ', ') INTO held
      FROM (SELECT 'create temporary tables' WHERE has_database_privilege(name, current_database(), 'TEMPORARY')
             UNION ALL
            SELECT 'create schemas' WHERE has_database_privilege(name, current_database(), 'CREATE')
             UNION ALL
            SELECT format('create in schema %s', n.nspname) FROM pg_namespace AS n
             WHERE has_schema_privilege(name, n.oid, 'CREATE')) AS r (sentence);
    IF held IS NOT NULL THEN
        RAISE EXCEPTION 'The analyst % could %: take that right from PUBLIC first', name, held
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO ops.analysts (role, tenant_id, created_by)
    VALUES (name, tenant, coalesce(metadata ->> 'actor', current_user));
    PERFORM ops.record(name, 'analyst.created', tenant, jsonb_build_object('name', name, 'reason', reason), metadata);
END
$$;

-- Remove a login with its sessions and all that hangs on it; return how many sessions were ended. To be a member is
-- what lets somebody who is no superuser do so.
CREATE FUNCTION ops.remove_login(name text) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    ended integer := 0;
    pid   integer;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = name) THEN
        RETURN 0;
    END IF;
    EXECUTE format('ALTER ROLE %I NOLOGIN', name);
    EXECUTE format('GRANT %I TO CURRENT_USER', name);
    -- A loop, since in one WHERE the server might end sessions before it asks whose they are.
    FOR pid IN SELECT a.pid FROM pg_stat_activity AS a WHERE a.usename = name LOOP
        ended := ended + pg_terminate_backend(pid, 5000)::integer;
    END LOOP;
    EXECUTE format('DROP OWNED BY %I', name);
    EXECUTE format('DROP ROLE %I', name);
    RETURN ended;
END
$$;

-- Drop an analyst's login, and record it in the same transaction; return how many sessions were ended.
CREATE FUNCTION ops.drop_analyst(name text, reason text, metadata jsonb) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tenant uuid;
    ended  integer;
BEGIN
    DELETE FROM ops.analysts AS a WHERE a.role = name RETURNING a.tenant_id INTO tenant;
    IF tenant IS NULL THEN
        RAISE EXCEPTION 'There is no analyst % in this database', name USING ERRCODE = 'no_data_found';
    END IF;
    ended := ops.remove_login(name);
    PERFORM ops.record(name, 'analyst.dropped', tenant, jsonb_build_object('name', name, 'reason', reason), metadata);
    RETURN ended;
END
$$;

REVOKE ALL ON FUNCTION ops.guard, ops.create_analyst, ops.remove_login, ops.drop_analyst FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.guard TO daybook_service;
GRANT SELECT ON ops.analysts TO daybook_service;
GRANT USAGE ON SCHEMA read TO daybook_analyst;
GRANT SELECT ON ALL TABLES IN SCHEMA read TO daybook_analyst;
DO $$
BEGIN
    PERFORM ops.guard(g.schema) FROM ops.generations AS g;
END
$$;
