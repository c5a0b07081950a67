-- What a view of schema read is made of: its columns with their types, the key its comment names, and the projections
-- below it; no row where there is no such view.
-- $1 view
SELECT array_agg(a.attname::text ORDER BY a.attnum) AS columns,
       array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) AS types,
       substring(obj_description(c.oid, 'pg_class') FROM 'Key: ([^.]+)\.') AS key,
       ARRAY(SELECT DISTINCT s.projection FROM ops.sources($1::text) AS s ORDER BY 1) AS projections,
       ARRAY(SELECT DISTINCT t FROM ops.sources($1::text) AS s
               JOIN ops.generations AS g ON g.schema = s.generation
              CROSS JOIN unnest(g.types) AS t ORDER BY 1) AS folded
  FROM pg_class AS c
  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.oid = to_regclass('read.' || quote_ident($1::text))
 GROUP BY c.oid
