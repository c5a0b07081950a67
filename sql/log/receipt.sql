-- What a commit took: its last position, and each stream's version after it, streams in commit order.
-- $1 idempotency key
SELECT r.position + r.events - 1 AS position, r.fingerprint, e.stream_id, max(e.version) AS version
  FROM log.receipts AS r
  JOIN log.events AS e ON e.position BETWEEN r.position AND r.position + r.events - 1
 WHERE r.key = $1::uuid
 GROUP BY r.key, e.stream_id
 ORDER BY min(e.position)
