-- Streams that a generation folds no further, and how many of their events wait behind the one that fails.
-- $1 projection (NULL: every one)   $2 stream (NULL: every one)
SELECT k.projection, k.schema AS generation, g.role, k.stream_id, e.tenant_id, e.version, k.position, k.type, k.error, k.parked_at,
       (SELECT count(*) FROM log.events AS w
         WHERE w.stream_id = k.stream_id AND w.version > e.version AND w.position <= ops.standing(k.schema)
           AND (w.type = ANY (g.types) OR '*' = ANY (g.types))) AS waiting
  FROM ops.parked AS k
  JOIN ops.generations AS g ON g.schema = k.schema AND g.role IN ('serving', 'candidate', 'previous')
  JOIN log.events AS e ON e.position = k.position
 WHERE ($1::text IS NULL OR k.projection = $1::text) AND ($2::uuid IS NULL OR k.stream_id = $2::uuid)
 ORDER BY k.projection, g.role <> 'serving', k.position
