-- Compare a range of the log with its seals; see log.verify for what comes back, here with the event it is about.
-- $1 position to start after, a multiple of a thousand   $2 last position
SELECT v.sealed, v.position, v.fault, e.stream_id, e.version, e.type
  FROM log.verify($1::bigint, $2::bigint) AS v
  LEFT JOIN log.events AS e ON e.position = v.position
