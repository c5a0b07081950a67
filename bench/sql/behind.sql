-- Where the projections stand, and how many events that is behind the log. No parameters.
SELECT t.position AS tail, h.position - t.position AS lag FROM ops.tail AS t CROSS JOIN log.head AS h
