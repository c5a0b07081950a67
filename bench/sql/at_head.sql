-- Put the tail at the log's head, so that what is built next is built up to there. No parameters.
UPDATE ops.tail AS t SET position = h.position
  FROM log.head AS h
 WHERE ops.note_types(t.position, h.position) IS NOT NULL
