-- The first event that stands where the log has no position: below 1, or beyond its head. No parameters.
SELECT 0 AS sealed, e.position, 'extra' AS fault, e.stream_id, e.version, e.type
  FROM log.events AS e
 WHERE e.position < 1 OR e.position > (SELECT h.position FROM log.head AS h)
 ORDER BY e.position
 LIMIT 1
