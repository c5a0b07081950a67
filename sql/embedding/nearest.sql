-- Chunks that mean most nearly what was asked, best first: an exact scan of the tenant's, since an index over all tenants
-- would find too few of one. What is less near than $6, or far behind the nearest, has nothing to do with it.
-- $1 tenant   $2 question   $3 start of the path ('': any)   $4 model   $5 vector of the question   $6 least nearness   $7 limit
WITH compared AS MATERIALIZED (
    SELECT e.chunk_id, ops.nearness(e.vector, $5::real[]) AS nearness
      FROM ops.embeddings AS e
     WHERE e.tenant_id = $1::uuid AND e.model = $4::text AND cardinality(e.vector) = cardinality($5::real[])
), near AS MATERIALIZED (
    SELECT n.chunk_id, n.nearness
      FROM compared AS n
      JOIN read.content_chunks AS c ON c.id = n.chunk_id
     WHERE c.tenant_id = $1::uuid
       AND c.path >= $3::text AND c.path < $3::text || chr(1114111)
       AND n.nearness >= $6::float8
     ORDER BY n.nearness DESC, n.chunk_id
     LIMIT $7::integer
)
SELECT c.id AS chunk_id, c.source_id, c.path, s.title, c.heading, c.language, least(n.nearness, 1)::real AS score,
       c.span_start, c.span_end,
       ts_headline(c.search_config::regconfig, c.text, websearch_to_tsquery(c.search_config::regconfig, $2::text),
                   'StartSel=**, StopSel=**, MaxFragments=2, MaxWords=30, MinWords=12, FragmentDelimiter=" … "') AS snippet
  FROM near AS n
  JOIN read.content_chunks AS c ON c.id = n.chunk_id
  JOIN read.sources AS s ON s.id = c.source_id
 WHERE n.nearness >= 0.6 * (SELECT max(o.nearness) FROM near AS o)
 ORDER BY n.nearness DESC, c.path, c.ordinal
