-- Give the chunks of a tenant that have no vector by a model the one of a chunk that says the same. Returns how many.
-- $1 tenant   $2 model
WITH wanting AS MATERIALIZED (
    SELECT c.id AS chunk_id, md5(concat_ws(' / ', array_to_string(c.heading, ' / '), c.text))::uuid AS said
      FROM read.content_chunks AS c
     WHERE c.tenant_id = $1::uuid
       AND NOT EXISTS (SELECT FROM ops.embeddings AS e WHERE e.chunk_id = c.id AND e.model = $2::text)
), given AS (
    INSERT INTO ops.embeddings AS e (chunk_id, tenant_id, model, said, vector)
    SELECT DISTINCT ON (w.chunk_id) w.chunk_id, o.tenant_id, o.model, o.said, o.vector
      FROM wanting AS w
      JOIN ops.embeddings AS o ON o.tenant_id = $1::uuid AND o.model = $2::text AND o.said = w.said
    ON CONFLICT (chunk_id) DO UPDATE
       SET model = excluded.model, said = excluded.said, vector = excluded.vector, made_at = clock_timestamp()
    RETURNING e.chunk_id
)
SELECT count(*) FROM given
