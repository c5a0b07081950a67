-- Drops every past and every scratch generation, and what makes and compares them.
DO $$
DECLARE
    p ops.pasts;
BEGIN
    FOR p IN SELECT * FROM ops.pasts WHERE state = 'ready' LOOP
        EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', p.schema);
    END LOOP;
END
$$;
SELECT ops.drop_generation(g.schema) FROM ops.generations AS g WHERE g.role = 'scratch';
DROP FUNCTION ops.find_rows(text, text, jsonb, uuid, integer);
DROP FUNCTION ops.sources(text);
DROP FUNCTION ops.discard(text, bigint, text, text);
DROP FUNCTION ops.replay(text, text, uuid[], uuid[], text, uuid, jsonb, jsonb);
DROP FUNCTION ops.replay_table(text, text, text, uuid[], uuid[]);
DROP FUNCTION ops.glimpse(text[], uuid[], bigint, text, text, jsonb);
DROP FUNCTION ops.sweep_pasts();
DROP FUNCTION ops.drop_past(text);
DROP FUNCTION ops.show_past(text, text, interval);
DROP FUNCTION ops.open_past(text, bigint, timestamptz, text[], interval, uuid, text, jsonb);
DROP FUNCTION ops.position_at(timestamptz);
DROP FUNCTION ops.fold_streams(text, uuid[], bigint);
DROP FUNCTION ops.retire_scratch(text);
DROP FUNCTION ops.build_scratch(text, bigint);
DROP FUNCTION ops.install_scratch(text, bigint, uuid[], text);
DROP FUNCTION ops.diff(text, text, integer);
DROP FUNCTION ops.diff_rows(text, text, text, boolean, integer);
DROP FUNCTION ops.diff_shape(text, text, text);
DROP FUNCTION ops.standing(text);
DROP FUNCTION ops.pairs(text, text, text);
DROP FUNCTION ops.columns(text);
DROP TABLE ops.pasts;
ALTER TABLE ops.generations DROP COLUMN expires_at;
