-- Whole sources that say most about a topic, best first, with their chunks. Any word of the topic counts, by how few
-- chunks have it and how well its best chunk in the source fits; sources far behind the best one are left out.
-- $1 tenant   $2 topic   $3 start of the path ('': any)   $4 limit
WITH hits AS MATERIALIZED (
    SELECT c.source_id, m.said, count(DISTINCT c.ordinal) AS chunks, max(m.closeness * (0.3 + ts_rank(c.tsv, m.query))) AS fit
      FROM read.meant_words($1::uuid, $2::text) AS m
      JOIN read.content_chunks AS c ON c.search_config = m.search_config AND c.tsv @@ m.query
     WHERE c.tenant_id = $1::uuid
       AND c.path >= $3::text AND c.path < $3::text || chr(1114111)
     GROUP BY c.source_id, m.said
), rarity AS MATERIALIZED (
    SELECT h.said, ln(1 + (SELECT count(*) FROM read.content_chunks AS c WHERE c.tenant_id = $1::uuid) / sum(h.chunks)::real) AS weight
      FROM hits AS h
     GROUP BY h.said
), scored AS (
    SELECT h.source_id, sum(h.fit * r.weight * (1 + ln(h.chunks) / 4)) AS score
      FROM hits AS h
      JOIN rarity AS r ON r.said = h.said
     GROUP BY h.source_id
), best AS MATERIALIZED (
    SELECT s.source_id, s.score
      FROM scored AS s
     WHERE s.score >= 0.3 * (SELECT max(o.score) FROM scored AS o)
     ORDER BY s.score DESC, s.source_id
     LIMIT $4::integer
)
SELECT s.id::text AS source_id, s.path, s.title, s.language, t.text,
       (SELECT jsonb_agg(jsonb_build_object('heading', c.heading, 'start', c.span_start, 'end', c.span_end,
                                            'language', c.language) ORDER BY c.ordinal)
          FROM read.content_chunks AS c WHERE c.source_id = s.id) AS chunks
  FROM best AS b
  JOIN read.sources AS s ON s.id = b.source_id
  JOIN read.source_texts AS t ON t.source_id = s.id
 ORDER BY b.score DESC, s.path
