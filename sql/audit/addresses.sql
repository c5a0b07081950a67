-- The address of each of these origins, and what its first request called itself; NULL where its person has been erased.
-- $1 tenant   $2 origins
SELECT e.stream_id AS origin, p.data ->> 'address' AS address, p.data ->> 'agent' AS agent
  FROM log.events AS e
  JOIN log.private AS p ON p.position = e.position
 WHERE e.stream_id = ANY ($2::uuid[]) AND e.version = 1 AND e.tenant_id = $1::uuid
