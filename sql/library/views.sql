-- What analysts and clients read of the library, beside the plain views of its tables.

CREATE VIEW v_library_folders WITH (security_invoker = true) AS
SELECT s.tenant_id, coalesce(substring(s.path FROM '^(.*/)'), '') AS folder, count(*) AS sources, sum(s.chunks) AS chunks,
       sum(s.characters) AS characters, array_agg(DISTINCT s.language ORDER BY s.language) AS languages,
       max(s.updated_at) AS updated_at, max(s.position) AS position
  FROM sources AS s
 GROUP BY s.tenant_id, coalesce(substring(s.path FROM '^(.*/)'), '');
COMMENT ON VIEW v_library_folders IS
    'One row per folder of source documents: how many, how long, in which languages, and when it last changed. Key: tenant_id, folder.';
COMMENT ON COLUMN v_library_folders.folder IS 'The path up to its last slash, and with it; empty for sources in no folder. What is in folders below is not counted.';
COMMENT ON COLUMN v_library_folders.characters IS 'Code points of all the texts.';
COMMENT ON COLUMN v_library_folders.languages IS 'The languages of the texts, as BCP 47 tags.';

CREATE VIEW v_source_chunks WITH (security_invoker = true) AS
SELECT c.id AS chunk_id, c.tenant_id, c.source_id, s.path, s.title, c.ordinal, array_to_string(c.heading, ' > ') AS heading,
       c.language, c.span_start, c.span_end, c.text, c.position
  FROM content_chunks AS c
  JOIN sources AS s ON s.id = c.source_id;
COMMENT ON VIEW v_source_chunks IS
    'Every chunk that search finds and generators cite: its source, its headings, and where in the source it stands. Key: chunk_id.';
COMMENT ON COLUMN v_source_chunks.chunk_id IS 'Follows from the source and what the chunk says, so it outlives an edit elsewhere in the source.';
COMMENT ON COLUMN v_source_chunks.ordinal IS 'The place of the chunk in its source, from 1.';
COMMENT ON COLUMN v_source_chunks.heading IS 'The headings above it, outermost first.';
COMMENT ON COLUMN v_source_chunks.span_start IS 'Code points of the source''s text before the chunk.';
COMMENT ON COLUMN v_source_chunks.span_end IS 'Code points of the source''s text up to the end of the chunk.';

CREATE VIEW embeddings WITH (security_invoker = true) AS
SELECT e.chunk_id, c.tenant_id, c.source_id, e.model, e.vector, cardinality(e.vector) AS dimensions, e.made_at, c.position
  FROM ops.embeddings AS e
  JOIN content_chunks AS c ON c.id = e.chunk_id;
COMMENT ON VIEW embeddings IS
    'The vector of each chunk of the library, where an embedding model is configured; it is of length 1. Key: chunk_id.';
COMMENT ON COLUMN embeddings.model IS 'The model that was asked for it, the one configured when it was made.';
COMMENT ON COLUMN embeddings.vector IS 'What the chunk means under its headings; empty where the model does not take it. The nearness of two is their inner product.';
COMMENT ON COLUMN embeddings.dimensions IS 'How many numbers the vector has; 0 where the model does not take the chunk.';
COMMENT ON COLUMN embeddings.made_at IS 'When the vector was kept; no older than what the chunk says.';

-- The text search configurations a tenant's chunks are indexed by: one index probe for each. Like the views, the
-- functions read what stands in the schema they are made in, whoever calls them.
CREATE OR REPLACE FUNCTION search_configs(tenant uuid) RETURNS TABLE (search_config text)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    WITH RECURSIVE spoken AS (
        (SELECT c.search_config FROM content_chunks AS c
          WHERE c.tenant_id = search_configs.tenant ORDER BY c.search_config LIMIT 1)
        UNION ALL
        SELECT (SELECT c.search_config FROM content_chunks AS c
                 WHERE c.tenant_id = search_configs.tenant AND c.search_config > s.search_config
                 ORDER BY c.search_config LIMIT 1)
          FROM spoken AS s
         WHERE s.search_config IS NOT NULL
    )
    SELECT s.search_config FROM spoken AS s WHERE s.search_config IS NOT NULL
$$;

-- The words of a question as the chunks of each configuration spell them: a word the library knows stands for itself,
-- any other for the three known words most like it, by the share of their trigrams that they have in common.
CREATE OR REPLACE FUNCTION meant_words(tenant uuid, question text)
RETURNS TABLE (search_config text, said text, query tsquery, closeness real)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    WITH asked AS MATERIALIZED (
        SELECT s.search_config, w.lexeme AS said,
               ARRAY(SELECT DISTINCT substr('  ' || w.lexeme || ' ', n, 3) FROM generate_series(1, length(w.lexeme) + 1) AS n) AS trigrams,
               EXISTS (SELECT FROM source_words AS k
                        WHERE k.tenant_id = meant_words.tenant AND k.word = w.lexeme) AS known
          FROM search_configs(meant_words.tenant) AS s
         CROSS JOIN LATERAL unnest(to_tsvector(s.search_config::regconfig, meant_words.question)) AS w
    ), meant AS (
        SELECT a.search_config, a.said, a.said AS word, 1.0 AS closeness FROM asked AS a
        UNION ALL
        SELECT a.search_config, a.said, near.word, near.closeness
          FROM asked AS a
         CROSS JOIN LATERAL (
            SELECT k.word, shared.n::numeric / (cardinality(k.trigrams) + cardinality(a.trigrams) - shared.n) AS closeness
              FROM source_words AS k
             CROSS JOIN LATERAL (SELECT count(*) AS n FROM unnest(k.trigrams) AS t WHERE t = ANY (a.trigrams)) AS shared
             WHERE k.tenant_id = meant_words.tenant AND k.trigrams && a.trigrams
               AND abs(length(k.word) - length(a.said)) <= 6
             ORDER BY closeness DESC, k.word
             LIMIT 3) AS near
         WHERE NOT a.known AND length(a.said) >= 4 AND near.closeness >= 0.35
    )
    SELECT m.search_config, m.said,
           ('''' || replace(replace(m.word, '\', '\\'), '''', '''''') || '''')::tsquery, m.closeness::real
      FROM meant AS m
$$;
