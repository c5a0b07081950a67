-- What a source said before a position (NULL where it had been removed), and whether nothing has happened to it since.
-- $1 tenant   $2 source   $3 position
SELECT e.version, e.position, log.upcast(e.type, e.data) ->> 'text' AS text,
       NOT EXISTS (SELECT FROM log.events AS n WHERE n.stream_id = e.stream_id AND n.version > e.version) AS latest
  FROM log.events AS e
 WHERE e.tenant_id = $1::uuid AND e.stream_id = $2::uuid AND e.category = 'source' AND e.position < $3::bigint
 ORDER BY e.version DESC
 LIMIT 1
