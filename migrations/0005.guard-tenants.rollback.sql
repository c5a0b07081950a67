-- Drops every analyst's login of this database, ending their sessions, and takes back the guard of the tables. The role
-- daybook_analyst, which belongs to the whole cluster, stays; so does what was taken from PUBLIC.
DO $$
DECLARE
    item record;
BEGIN
    PERFORM ops.remove_login(a.role) FROM ops.analysts AS a;
    FOR item IN
        SELECT n.nspname, c.relname
          FROM pg_policy AS p
          JOIN pg_class AS c ON c.oid = p.polrelid
          JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE p.polname = 'own_tenant' AND n.nspname IN (SELECT g.schema FROM ops.generations AS g)
    LOOP
        EXECUTE format('DROP POLICY own_tenant ON %I.%I', item.nspname, item.relname);
        EXECUTE format('ALTER TABLE %I.%I DISABLE ROW LEVEL SECURITY', item.nspname, item.relname);
        EXECUTE format('REVOKE ALL ON %I.%I FROM daybook_analyst', item.nspname, item.relname);
    END LOOP;
END
$$;
REVOKE ALL ON ALL TABLES IN SCHEMA read FROM daybook_analyst;
REVOKE ALL ON SCHEMA read FROM daybook_analyst;
DROP FUNCTION ops.drop_analyst(text, text, jsonb);
DROP FUNCTION ops.remove_login(text);
DROP FUNCTION ops.create_analyst(text, uuid, text, text, jsonb);
DROP FUNCTION ops.guard(text);
DROP FUNCTION ops.analyst_tenant();
DROP TABLE ops.analysts;
