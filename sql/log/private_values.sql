-- Every text that private payloads of some subjects hold, with the field in which it stands.
-- $1 subjects   $2 most
SELECT DISTINCT f.key AS field, v.value #>> '{}' AS text
  FROM log.private AS p
 CROSS JOIN LATERAL jsonb_each(p.data) AS f
 CROSS JOIN LATERAL jsonb_path_query(f.value, 'strict $.**') AS v (value)
 WHERE p.subject_id = ANY ($1::uuid[]) AND jsonb_typeof(v.value) = 'string' AND v.value #>> '{}' <> ''
 LIMIT $2::integer
