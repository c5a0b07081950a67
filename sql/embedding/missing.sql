-- The next chunks of a tenant that have no vector by a model, as they are to be embedded, under the headings above them.
-- Of those that say the same, one is enough.
-- $1 tenant   $2 model   $3 limit
SELECT DISTINCT ON (m.said) m.chunk_id, m.said, m.text
  FROM (SELECT c.id AS chunk_id, md5(concat_ws(' / ', array_to_string(c.heading, ' / '), c.text))::uuid AS said,
               concat_ws(E'\n', array_to_string(c.heading, ' > '), c.text) AS text
          FROM read.content_chunks AS c
         WHERE c.tenant_id = $1::uuid
           AND NOT EXISTS (SELECT FROM ops.embeddings AS e WHERE e.chunk_id = c.id AND e.model = $2::text)
         LIMIT $3::integer) AS m
 ORDER BY m.said
