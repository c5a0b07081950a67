-- Events of positions (after, upto], in log order, upcast, without private payloads: for operators, of all tenants.
-- $1 after   $2 upto   $3 limit   $4 tenant (NULL: all)   $5 types (NULL: all)   $6 stream (NULL: all)
SELECT e.position, e.stream_id, e.version, e.category, e.type, e.tenant_id,
       log.upcast(e.type, e.data)::text AS data, NULL::text AS private, e.metadata::text AS metadata, e.recorded_at
  FROM log.events AS e
 WHERE e.position > $1::bigint AND e.position <= $2::bigint
   AND ($4::uuid IS NULL OR e.tenant_id = $4::uuid)
   AND ($5::text[] IS NULL OR e.type = ANY ($5::text[]))
   AND ($6::uuid IS NULL OR e.stream_id = $6::uuid)
 ORDER BY e.position
 LIMIT $3::integer
