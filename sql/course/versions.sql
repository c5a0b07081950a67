-- Some events of one course, by their versions, upcast.
-- $1 tenant   $2 course   $3 versions
SELECT e.position, e.stream_id, e.version, e.category, e.type, e.tenant_id, log.upcast(e.type, e.data)::text AS data,
       NULL::text AS private, e.metadata::text AS metadata, e.recorded_at
  FROM log.events AS e
 WHERE e.tenant_id = $1::uuid AND e.stream_id = $2::uuid AND e.version = ANY ($3::integer[])
 ORDER BY e.version
