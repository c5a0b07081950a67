-- Every erasure of the log, oldest first: its tenant, its account, and the latest report, if there is one.
SELECT b.tenant_id, (b.data ->> 'account')::uuid AS account, b.recorded_at AS begun_at, r.data AS report
  FROM (SELECT k.block * 4096 AS start, least((k.block + 1) * 4096 - 1, t.position) AS upto
          FROM ops.blocks AS k
         CROSS JOIN ops.tail AS t
         WHERE k.types @> ARRAY['erasure.begun']
         UNION ALL
        SELECT t.position + 1, h.position FROM ops.tail AS t CROSS JOIN log.head AS h) AS s
  JOIN log.events AS b ON b.position BETWEEN s.start AND s.upto AND b.type = 'erasure.begun' AND b.version = 1
  LEFT JOIN LATERAL (SELECT e.data FROM log.events AS e
                      WHERE e.stream_id = b.stream_id AND e.type IN ('erasure.verified', 'erasure.incomplete')
                      ORDER BY e.version DESC LIMIT 1) AS r ON true
 ORDER BY b.position
