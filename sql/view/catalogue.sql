-- Every view of schema read: what it is, what identifies a row, and its columns in order as {name, type, comment}.
-- No parameters.
SELECT c.relname::text AS name, regexp_replace(obj_description(c.oid, 'pg_class'), ' Key: [^.]+\.$', '') AS comment,
       coalesce(ops.view_key(c.oid), '{}') AS key,
       jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
                                    'comment', col_description(c.oid, a.attnum)) ORDER BY a.attnum) AS columns
  FROM pg_class AS c
  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'read'::regnamespace AND c.relkind = 'v'
 GROUP BY c.oid
 ORDER BY c.relname
