-- Every analyst of this database, and how many sessions each has open in it. No parameters.
SELECT a.role AS name, a.tenant_id, a.created_at, a.created_by,
       (SELECT count(*) FROM pg_stat_activity AS s WHERE s.usename = a.role AND s.datname = current_database())::integer AS sessions
  FROM ops.analysts AS a
 ORDER BY a.role
