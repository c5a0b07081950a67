-- A page of the tenants there are, by name.
-- $1 name before (NULL: from the first)   $2 limit
SELECT t.tenant_id, t.name, t.state, t.registration, t.commands_per_second, t.generations_per_minute, t.reason, t.created_at,
       t.position
  FROM ops.tenants AS t
 WHERE $1::text IS NULL OR t.name > $1::text
 ORDER BY t.name
 LIMIT $2::integer
