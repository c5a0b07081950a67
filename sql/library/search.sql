-- Chunks that hold what was asked for, best first; quotes, OR and - mean what they mean in a web search.
-- Headings weigh most, then titles, paths and text; long chunks win nothing by their length.
-- $1 tenant   $2 question   $3 start of the path ('': any)   $4 limit
WITH asked AS MATERIALIZED (
    SELECT s.search_config, websearch_to_tsquery(s.search_config::regconfig, $2::text) AS query
      FROM read.search_configs($1::uuid) AS s
), found AS MATERIALIZED (
    SELECT c.id, c.source_id, c.path, c.ordinal, c.heading, c.language, c.span_start, c.span_end, c.text,
           a.search_config, a.query, ts_rank_cd(c.tsv, a.query, 1 | 32) AS score
      FROM asked AS a
      JOIN read.content_chunks AS c ON c.search_config = a.search_config AND c.tsv @@ a.query
     WHERE c.tenant_id = $1::uuid
       AND c.path >= $3::text AND c.path < $3::text || chr(1114111)
     ORDER BY score DESC, c.path, c.ordinal
     LIMIT $4::integer
)
SELECT f.id AS chunk_id, f.source_id, f.path, s.title, f.heading, f.language, f.score, f.span_start, f.span_end,
       ts_headline(f.search_config::regconfig, f.text, f.query,
                   'StartSel=**, StopSel=**, MaxFragments=2, MaxWords=30, MinWords=12, FragmentDelimiter=" … "') AS snippet
  FROM found AS f
  JOIN read.sources AS s ON s.id = f.source_id
 ORDER BY f.score DESC, f.path, f.ordinal
