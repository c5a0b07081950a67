-- What the log says of an erasure: when it was, what was deleted, and the latest report.
-- $1 tenant   $2 account
SELECT b.data AS begun, a.position, a.recorded_at AS erased_at, r.data AS report, h.id AS log_id, h.position AS head
  FROM (SELECT md5('erasure/' || $1::uuid || '/' || $2::uuid)::uuid AS id) AS s
  JOIN log.events AS b ON b.stream_id = s.id AND b.version = 1
  JOIN LATERAL (SELECT e.position, e.recorded_at FROM log.events AS e
                 WHERE e.stream_id = $2::uuid AND e.type = 'account.erased'
                 ORDER BY e.version DESC LIMIT 1) AS a ON true
  LEFT JOIN LATERAL (SELECT e.data FROM log.events AS e
                      WHERE e.stream_id = s.id AND e.type IN ('erasure.verified', 'erasure.incomplete')
                      ORDER BY e.version DESC LIMIT 1) AS r ON true
 CROSS JOIN log.head AS h
