-- Events of one tenant after a position, in log order, upcast, without private payloads.
-- $1 tenant   $2 position   $3 types (NULL: all)   $4 stream (NULL: all)   $5 limit   $6 categories to leave out (NULL: none)
SELECT e.position, e.stream_id, e.version, e.category, e.type, e.tenant_id,
       log.upcast(e.type, e.data)::text AS data, NULL::text AS private, e.metadata::text AS metadata, e.recorded_at
  FROM log.events AS e
 WHERE e.tenant_id = $1::uuid AND e.position > $2::bigint
   AND ($3::text[] IS NULL OR e.type = ANY ($3::text[]))
   AND ($4::uuid IS NULL OR e.stream_id = $4::uuid)
   AND ($6::text[] IS NULL OR e.category <> ALL ($6::text[]))
 ORDER BY e.position
 LIMIT $5::integer
