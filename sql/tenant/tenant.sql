-- One tenant, if it was ever created.
-- $1 tenant
SELECT t.tenant_id, t.name, t.state, t.registration, t.commands_per_second, t.generations_per_minute, t.reason, t.created_at,
       t.position
  FROM ops.tenants AS t
 WHERE t.tenant_id = $1::uuid
