-- Whether positions are dense: head, last position, number of events and of events that receipts account for.
-- No parameters.
SELECT h.position AS head, e.last, e.events, r.receipts
  FROM log.head AS h
 CROSS JOIN (SELECT coalesce(max(position), 0) AS last, count(*) AS events FROM log.events) AS e
 CROSS JOIN (SELECT coalesce(sum(events), 0) AS receipts FROM log.receipts) AS r
