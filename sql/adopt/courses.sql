-- The courses of an old generator's database, oldest first, whatever columns they have. No parameters.
SELECT to_jsonb(c) AS course
  FROM courses AS c
 ORDER BY to_jsonb(c) ->> 'created_at', c.id::text
