-- Drops the embeddings: what was paid for them is paid again where they are wanted again. The extension vector goes
-- where it was made for them and nothing else uses it.
DO $$
DECLARE
    ours boolean := obj_description('ops.choose_nearness()'::regprocedure, 'pg_proc') IS NOT NULL;
BEGIN
    DROP FUNCTION IF EXISTS ops.nearness(real[], real[]);
    IF ours THEN
        DROP EXTENSION IF EXISTS vector;
    END IF;
EXCEPTION
    WHEN dependent_objects_still_exist THEN
        RAISE NOTICE 'The extension vector stays, as something else uses it.';
END
$$;
DROP FUNCTION IF EXISTS ops.nearness(real[], real[]);
DROP FUNCTION ops.choose_nearness();
DROP TABLE ops.embeddings;
CREATE OR REPLACE FUNCTION ops.holdings() RETURNS TABLE (schema text, "table" text, pages bigint, readable boolean)
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
