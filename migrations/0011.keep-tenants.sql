-- Keeps tenants: which there are, which are suspended, where people may register, and what limits each has.
-- For the operator: instant.
-- depends: 0010.swap-generations

-- One row per tenant that was created, and one for the house: the tenant of those who run the service, which always was
-- and cannot be suspended. A tenant that has no row is one that only tokens name: it is open, and nobody can register.
-- reason is why it is suspended. An empty limit means the service's own. position is that of the last change.
CREATE TABLE ops.tenants (
    tenant_id              uuid        NOT NULL,
    name                   text        NOT NULL,
    state                  text        NOT NULL DEFAULT 'open',
    registration           text        NOT NULL DEFAULT 'closed',
    commands_per_second    integer,
    generations_per_minute integer,
    reason                 text,
    created_at             timestamptz,
    position               bigint      NOT NULL,
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenants_name_key UNIQUE (name),
    CONSTRAINT tenants_state_check CHECK (state IN ('open', 'suspended')),
    CONSTRAINT tenants_registration_check CHECK (registration IN ('open', 'closed')),
    CONSTRAINT tenants_limits_check CHECK (commands_per_second > 0 AND generations_per_minute > 0)
);

-- The house: uuid5 of the name default, as every name of a tenant becomes an id.
CREATE FUNCTION ops.house() RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '1dba69c7-f9ef-5e7d-bf6a-907291cf07d4'::uuid;

-- Bring the tenants to what the events of positions (after, upto] say.
CREATE FUNCTION ops.follow_tenants(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    e record;
BEGIN
    FOR e IN
        SELECT v.position, v.tenant_id, v.type, v.data, v.recorded_at
          FROM log.events AS v
         WHERE v.position > after AND v.position <= upto AND v.category = 'tenant'
         ORDER BY v.position
    LOOP
        IF e.type = 'tenant.created' THEN
            INSERT INTO ops.tenants (tenant_id, name, created_at, position)
            VALUES (e.tenant_id, e.data ->> 'name', e.recorded_at, e.position);
            CONTINUE;
        END IF;
        UPDATE ops.tenants AS t
           SET position = e.position,
               state = CASE e.type WHEN 'tenant.suspended' THEN 'suspended' WHEN 'tenant.resumed' THEN 'open' ELSE t.state END,
               reason = CASE e.type WHEN 'tenant.suspended' THEN e.data ->> 'reason' WHEN 'tenant.resumed' THEN NULL ELSE t.reason END,
               registration = CASE e.type WHEN 'tenant.registration-opened' THEN 'open'
                                          WHEN 'tenant.registration-closed' THEN 'closed' ELSE t.registration END,
               commands_per_second = CASE e.type WHEN 'tenant.limited' THEN (e.data ->> 'commands_per_second')::integer
                                                 ELSE t.commands_per_second END,
               generations_per_minute = CASE e.type WHEN 'tenant.limited' THEN (e.data ->> 'generations_per_minute')::integer
                                                    ELSE t.generations_per_minute END
         WHERE t.tenant_id = e.tenant_id;
    END LOOP;
END
$$;

-- Change a tenant and record it, in one transaction; data holds what the type needs and the reason. Returns the
-- position of the event and what came of it: done | same (it stands so already, and nothing is recorded) | exists |
-- unknown | house (which cannot be suspended). The head is locked first, so whoever comes meanwhile sees the outcome.
CREATE FUNCTION ops.change_tenant(tenant uuid, type text, data jsonb, metadata jsonb, OUT "position" bigint, OUT outcome text)
LANGUAGE plpgsql
AS $$
DECLARE
    was ops.tenants;
BEGIN
    PERFORM FROM log.head FOR UPDATE;
    SELECT t.* INTO was FROM ops.tenants AS t
     WHERE t.tenant_id = tenant OR type = 'tenant.created' AND t.name = data ->> 'name';
    outcome := CASE
        WHEN type = 'tenant.created' AND was.tenant_id IS NOT NULL THEN 'exists'
        WHEN type <> 'tenant.created' AND was.tenant_id IS NULL THEN 'unknown'
        WHEN type = 'tenant.suspended' AND tenant = ops.house() THEN 'house'
        WHEN type = 'tenant.suspended' AND was.state = 'suspended' OR type = 'tenant.resumed' AND was.state = 'open' THEN 'same'
        WHEN type = 'tenant.registration-opened' AND was.registration = 'open'
          OR type = 'tenant.registration-closed' AND was.registration = 'closed' THEN 'same'
        WHEN type = 'tenant.limited'
         AND was.commands_per_second IS NOT DISTINCT FROM (data ->> 'commands_per_second')::integer
         AND was.generations_per_minute IS NOT DISTINCT FROM (data ->> 'generations_per_minute')::integer THEN 'same'
        ELSE 'done' END;
    position := was.position;
    IF outcome = 'done' THEN
        position := ops.record(tenant::text, type, tenant,
                               jsonb_build_object('tenant', tenant, 'name', was.name) || data, metadata);
        PERFORM ops.follow_tenants(position - 1, position);
    END IF;
    IF outcome = 'done' AND type = 'tenant.resumed' THEN
        PERFORM pg_notify('daybook_queue', 'resumed');
    END IF;
END
$$;

-- Make the table anew from the log. Up to the tail only the blocks that hold such events are read; in a log that was just
-- imported, all of it.
CREATE FUNCTION ops.recall_tenants() RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM ops.tenants;
    INSERT INTO ops.tenants (tenant_id, name, registration, position) VALUES (ops.house(), 'default', 'open', 0);
    PERFORM ops.follow_tenants(r.after, r.upto)
       FROM (SELECT b.block * 4096 - 1 AS after, least(b.block * 4096 + 4095, t.position) AS upto
               FROM ops.blocks AS b
              CROSS JOIN ops.tail AS t
              WHERE EXISTS (SELECT FROM unnest(b.types) AS type WHERE starts_with(type, 'tenant.'))
              UNION ALL
             SELECT t.position, h.position FROM ops.tail AS t CROSS JOIN log.head AS h
              ORDER BY after) AS r;
END
$$;

-- A log may hold such events already, where this migration was taken back and is made again.
DO $$
BEGIN
    PERFORM ops.recall_tenants();
END
$$;

-- The tenant of whoever logged in; NULL where that is no analyst, or his tenant is suspended. It goes by session_user, the
-- name that was authenticated: current_user is the owner in here, outside it follows SET ROLE, and a setting could be set
-- by anybody.
CREATE OR REPLACE FUNCTION ops.analyst_tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.tenant_id FROM ops.analysts AS a WHERE a.role = session_user
       AND NOT EXISTS (SELECT FROM ops.tenants AS t WHERE t.tenant_id = a.tenant_id AND t.state = 'suspended')
$$;

-- End a restoration whose lines are all stored: the jobs that are not over are queued, the tenants are those of the log, and
-- the log can be appended to. Each of these jobs is followed from behind its last end, since what was before has left no
-- row.
CREATE OR REPLACE FUNCTION log.end_restore(after bigint, chain bytea) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    base bigint := log.step_restore(after, 1, chain);
BEGIN
    IF base <> (SELECT r.head FROM log.restoration AS r) THEN
        RAISE EXCEPTION 'The file ends at position %, before the head that it names', base
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    PERFORM job.follow(e.position - 1, e.position)
       FROM log.events AS e
       JOIN (SELECT j.stream_id, max(j.version) FILTER (WHERE j.type IN ('job.completed', 'job.failed', 'job.cancelled')) AS ended
               FROM log.events AS j WHERE j.category = 'job' GROUP BY j.stream_id) AS s ON s.stream_id = e.stream_id
      WHERE e.category = 'job' AND e.version > coalesce(s.ended, 0)
      ORDER BY e.position;
    PERFORM ops.recall_tenants();
    ALTER TABLE log.receipts DISABLE TRIGGER receipts_restoring;
    DELETE FROM log.restoration;
END
$$;

REVOKE ALL ON FUNCTION ops.follow_tenants, ops.change_tenant, ops.recall_tenants FROM PUBLIC;
GRANT SELECT ON ops.tenants TO daybook_service;
