-- Events as lines of an export, in log order, with what is left of their private payloads. A page ends early once its
-- events take more room than is given, as they are stored.
-- $1 position   $2 last position   $3 most lines   $4 room in bytes
SELECT l.position, row_to_json(l)::text AS line
  FROM (SELECT e.position, to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS recorded_at,
               e.stream_id, e.version, e.tenant_id, e.category, e.type, e.data, e.metadata,
               CASE
                   WHEN p.position IS NOT NULL THEN
                       json_build_object('subject_id', p.subject_id, 'salt', encode(p.salt, 'hex'), 'data', p.data)
                   WHEN x.position IS NOT NULL THEN json_build_object('erased', encode(x.hash, 'hex'))
               END AS private
          FROM (SELECT n.*, sum(pg_column_size(n.data)) OVER (ORDER BY n.position) - pg_column_size(n.data) AS before
                  FROM log.events AS n
                 WHERE n.position > $1::bigint AND n.position <= $2::bigint
                 ORDER BY n.position
                 LIMIT $3::integer) AS e
          LEFT JOIN log.private AS p ON p.position = e.position
          LEFT JOIN log.erased AS x ON x.position = e.position
         WHERE e.before < $4::bigint) AS l
 ORDER BY l.position
