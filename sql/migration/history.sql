-- What was done to the schema, when, by whom and from which machine, oldest first.
-- No parameters.
SELECT l.created_at_utc AS at, l.operation, l.migration_id AS id, l.username AS by, l.hostname AS host
  FROM _yoyo_log AS l
 ORDER BY l.created_at_utc, l.id
