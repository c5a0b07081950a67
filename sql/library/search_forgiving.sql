-- Chunks that hold any of the words asked for, or a word much like one of them, best first: what search falls back on
-- where no chunk holds them all. A word counts by how few chunks have it, a like one by how much alike it is.
-- $1 tenant   $2 question   $3 start of the path ('': any)   $4 limit
WITH hits AS MATERIALIZED (
    SELECT c.source_id, c.ordinal, m.said, max(m.closeness * (0.3 + ts_rank(c.tsv, m.query))) AS fit
      FROM read.meant_words($1::uuid, $2::text) AS m
      JOIN read.content_chunks AS c ON c.search_config = m.search_config AND c.tsv @@ m.query
     WHERE c.tenant_id = $1::uuid
       AND c.path >= $3::text AND c.path < $3::text || chr(1114111)
     GROUP BY c.source_id, c.ordinal, m.said
), rarity AS MATERIALIZED (
    SELECT h.said, ln(1 + (SELECT count(*) FROM read.content_chunks AS c WHERE c.tenant_id = $1::uuid) / count(*)::real) AS weight
      FROM hits AS h
     GROUP BY h.said
), best AS MATERIALIZED (
    SELECT h.source_id, h.ordinal, sum(h.fit * r.weight) AS score
      FROM hits AS h
      JOIN rarity AS r ON r.said = h.said
     GROUP BY h.source_id, h.ordinal
     ORDER BY score DESC, h.source_id, h.ordinal
     LIMIT $4::integer
), meant AS (
    SELECT m.search_config, string_agg(m.query::text, ' | ')::tsquery AS query
      FROM read.meant_words($1::uuid, $2::text) AS m
     GROUP BY m.search_config
)
SELECT c.id AS chunk_id, c.source_id, c.path, s.title, c.heading, c.language, (b.score / (1 + b.score))::real AS score,
       c.span_start, c.span_end,
       ts_headline(c.search_config::regconfig, c.text, m.query,
                   'StartSel=**, StopSel=**, MaxFragments=2, MaxWords=30, MinWords=12, FragmentDelimiter=" … "') AS snippet
  FROM best AS b
  JOIN read.content_chunks AS c ON c.source_id = b.source_id AND c.ordinal = b.ordinal
  JOIN meant AS m ON m.search_config = c.search_config
  JOIN read.sources AS s ON s.id = c.source_id
 ORDER BY b.score DESC, c.path, c.ordinal
