-- The position before the latest events up to a position, for operators: where to begin so as to see so many.
-- $1 upto   $2 how many   $3 tenant (NULL: all)   $4 types (NULL: all)   $5 stream (NULL: all)
SELECT coalesce(min(n.position) - 1, $1::bigint)
  FROM (SELECT e.position
          FROM log.events AS e
         WHERE e.position <= $1::bigint
           AND ($3::uuid IS NULL OR e.tenant_id = $3::uuid)
           AND ($4::text[] IS NULL OR e.type = ANY ($4::text[]))
           AND ($5::uuid IS NULL OR e.stream_id = $5::uuid)
         ORDER BY e.position DESC
         LIMIT $2::integer) AS n
