-- The position of one version of a course, the latest one where none is named, and that version.
-- $1 tenant   $2 course   $3 version (NULL: the latest)
SELECT e.position, e.version
  FROM log.events AS e
 WHERE e.tenant_id = $1::uuid AND e.stream_id = $2::uuid AND ($3::integer IS NULL OR e.version = $3::integer)
 ORDER BY e.version DESC
 LIMIT 1
