-- Creates the store of embeddings, so that search finds what is meant and not only what is said.
-- For the operator: instant. The extension vector (pgvector) is made where the server has it and the role may; without
-- it the same is computed more slowly. Where it comes later, say: SELECT ops.choose_nearness();
-- depends: 0014.follow-log

-- One row per chunk: its vector, of length 1, by one model; empty where the model does not take the chunk. said is the
-- digest of what was embedded, so that what is said again elsewhere is not paid for again. Each can be made again, for money.
CREATE TABLE ops.embeddings (
    chunk_id  uuid        NOT NULL,
    tenant_id uuid        NOT NULL,
    model     text        NOT NULL,
    said      uuid        NOT NULL,
    vector    real[]      NOT NULL,
    made_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT embeddings_pkey PRIMARY KEY (chunk_id)
);
ALTER TABLE ops.embeddings ALTER COLUMN vector SET STORAGE EXTERNAL;
CREATE INDEX embeddings_tenant_id_model_said_idx ON ops.embeddings (tenant_id, model, said);
COMMENT ON TABLE ops.embeddings IS
    'The vector of each chunk of the library by the embedding model in use; made by the subscriber of that name.';

-- Analysts see those of their tenant, through a view of schema read.
ALTER TABLE ops.embeddings ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON ops.embeddings FOR SELECT TO daybook_analyst USING (tenant_id = (SELECT ops.analyst_tenant()));
CREATE POLICY service ON ops.embeddings TO daybook_service USING (true) WITH CHECK (true);
GRANT SELECT ON ops.embeddings TO daybook_analyst;
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.embeddings TO daybook_service;

-- Make ops.nearness(one, other), the inner product of two vectors of as many numbers: by pgvector where the database has
-- it, else in plain SQL. Returns which. It is inlined, so it names pgvector's schema and sets no search_path.
CREATE FUNCTION ops.choose_nearness() RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    home name := (SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'vector');
BEGIN
    IF home IS NULL THEN
        CREATE OR REPLACE FUNCTION ops.nearness(one real[], other real[]) RETURNS float8
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
        'SELECT sum(a::float8 * b) FROM unnest(one, other) AS t (a, b)';
        RETURN 'plain';
    END IF;
    EXECUTE format(
        'CREATE OR REPLACE FUNCTION ops.nearness(one real[], other real[]) RETURNS float8
         LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
         ''SELECT -(one::%1$I.vector OPERATOR(%1$I.<#>) other::%1$I.vector)''', home);
    RETURN 'pgvector';
END
$$;
REVOKE ALL ON FUNCTION ops.choose_nearness() FROM PUBLIC;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'vector') THEN
        CREATE EXTENSION vector;
        COMMENT ON FUNCTION ops.choose_nearness() IS 'The extension vector was made for this, and goes with it.';
    END IF;
EXCEPTION
    WHEN OTHERS THEN
        RAISE NOTICE 'The extension vector cannot be made (%): vectors are compared in plain SQL.', SQLERRM;
END
$$;
-- A SELECT would print its answer at the start of every service.
DO $$
BEGIN
    PERFORM ops.choose_nearness();
END
$$;

-- As before, but a table whose rows a policy shows to the caller all is readable as well: that is the one above.
CREATE OR REPLACE FUNCTION ops.holdings() RETURNS TABLE (schema text, "table" text, pages bigint, readable boolean)
LANGUAGE sql
AS $$
    SELECT n.nspname, c.relname, pg_relation_size(c.oid) / current_setting('block_size')::integer,
           has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
           AND (NOT row_security_active(c.oid)
                OR EXISTS (SELECT FROM pg_policy AS p
                            CROSS JOIN LATERAL unnest(p.polroles) AS r (role)
                            WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('*', 'r')
                              AND pg_get_expr(p.polqual, p.polrelid) = 'true'
                              AND (r.role = 0 OR pg_has_role(r.role, 'USAGE'))))
      FROM pg_class AS c
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm') AND c.relispopulated
       AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
     UNION ALL
    SELECT 'pg_catalog', 'pg_stats', NULL, true
     ORDER BY 1, 2
$$;
