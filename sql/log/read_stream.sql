-- Events of one stream after a version, oldest first, upcast, with what is left of their private payloads.
-- $1 stream   $2 version   $3 limit
SELECT e.position, e.stream_id, e.version, e.category, e.type, e.tenant_id,
       log.upcast(e.type, e.data)::text AS data, p.data::text AS private, e.metadata::text AS metadata, e.recorded_at
  FROM log.events AS e
  LEFT JOIN log.private AS p ON p.position = e.position
 WHERE e.stream_id = $1::uuid AND e.version > $2::integer
 ORDER BY e.version
 LIMIT $3::integer
