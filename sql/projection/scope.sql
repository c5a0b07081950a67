-- Whose events these are: those of the streams, or those in a range of positions, of the given types ('*': any).
-- $1 streams, or NULL   $2 first position, or NULL   $3 last position, or NULL   $4 types
SELECT coalesce(array_agg(DISTINCT e.stream_id), '{}') AS streams, coalesce(array_agg(DISTINCT e.tenant_id), '{}') AS tenants
  FROM log.events AS e
 WHERE ($1::uuid[] IS NULL OR e.stream_id = ANY ($1::uuid[]))
   AND ($2::bigint IS NULL OR e.position BETWEEN $2::bigint AND $3::bigint)
   AND (e.type = ANY ($4::text[]) OR '*' = ANY ($4::text[]))
