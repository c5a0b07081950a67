-- The migrations that are applied, in order, each with the digest of the text it had then.
-- No parameters.
SELECT m.migration_id AS id, m.applied_at_utc AS applied_at, c.sha256
  FROM _yoyo_migration AS m
  LEFT JOIN migration_checksums AS c ON c.id = m.migration_id
 ORDER BY m.migration_id
