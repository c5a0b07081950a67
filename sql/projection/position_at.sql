-- The position of the last event at a time or before it (0: there is none), and how far the log reaches.
-- $1 time, or NULL
SELECT ops.position_at($1::timestamptz) AS position, h.position AS head, t.position AS tail,
       (SELECT e.recorded_at FROM log.events AS e WHERE e.position = 1) AS began, clock_timestamp() AS now
  FROM log.head AS h
 CROSS JOIN ops.tail AS t
