-- Events of all tenants after a position, in log order, upcast, without private payloads: for operators.
-- $1 position   $2 limit
SELECT e.position, e.stream_id, e.version, e.category, e.type, e.tenant_id,
       log.upcast(e.type, e.data)::text AS data, NULL::text AS private, e.metadata::text AS metadata, e.recorded_at
  FROM log.events AS e
 WHERE e.position > $1::bigint
 ORDER BY e.position
 LIMIT $2::integer
