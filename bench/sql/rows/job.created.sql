-- A job was asked for.
-- $1 job   $2 tenant   $3 position   $4 recorded at   $5 data, a JSON text
INSERT INTO generation_jobs (id, tenant_id, position, kind, target, requested_by, status, steps_done, attempts, errors,
                             created_at, updated_at)
SELECT $1::uuid, $2::uuid, $3::bigint, e.data ->> 'kind', (e.data ->> 'target')::uuid, e.data ->> 'requested_by', 'QUEUED', 0, 0,
       '{}', $4::timestamptz, $4::timestamptz
  FROM (SELECT $5::text::jsonb AS data) AS e
    ON CONFLICT (id) DO NOTHING
