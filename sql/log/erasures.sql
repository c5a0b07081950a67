-- Every erasure of the log, oldest first: its tenant, its account, and the latest report, if there is one.
SELECT b.tenant_id, (b.data ->> 'account')::uuid AS account, b.recorded_at AS begun_at, r.data AS report
  FROM log.events AS b
  LEFT JOIN LATERAL (SELECT e.data FROM log.events AS e
                      WHERE e.stream_id = b.stream_id AND e.type IN ('erasure.verified', 'erasure.incomplete')
                      ORDER BY e.version DESC LIMIT 1) AS r ON true
 WHERE b.type = 'erasure.begun' AND b.version = 1
   AND (b.position / 4096 IN (SELECT k.block FROM ops.blocks AS k WHERE k.types && ARRAY['erasure.begun'])
        OR b.position > (SELECT t.position FROM ops.tail AS t))
 ORDER BY b.position
