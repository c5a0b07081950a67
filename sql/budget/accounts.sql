-- What has happened to some accounts since a version of each that is known already; of what was before an account was
-- last carried forward nothing is read. Oldest first.
-- $1 accounts   $2 the versions known
SELECT e.position, e.stream_id, e.version, e.category, e.type, e.tenant_id,
       log.upcast(e.type, e.data)::text AS data, NULL::text AS private, e.metadata::text AS metadata, e.recorded_at
  FROM unnest($1::uuid[], $2::integer[]) AS k (id, version)
 CROSS JOIN LATERAL (SELECT coalesce((SELECT c.version
                                        FROM log.events AS c
                                       WHERE c.stream_id = k.id AND c.version > k.version
                                         AND c.type = 'budget.carried-forward'
                                       ORDER BY c.version DESC
                                       LIMIT 1), k.version + 1) AS version) AS f
  JOIN log.events AS e ON e.stream_id = k.id AND e.version >= f.version
 ORDER BY e.stream_id, e.version
