-- The price that was published last, of each model that has one: the data of its event, as JSON.
-- $1 streams
SELECT e.stream_id, log.upcast(e.type, e.data)::text AS data
  FROM unnest($1::uuid[]) AS s (id)
 CROSS JOIN LATERAL (SELECT l.stream_id, l.type, l.data
                       FROM log.events AS l
                      WHERE l.stream_id = s.id
                      ORDER BY l.version DESC
                      LIMIT 1) AS e
