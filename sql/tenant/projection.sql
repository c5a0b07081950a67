-- A tenant as it knows itself: whether it is open, who may register, and what limits it has.
-- folds: tenant.created, tenant.suspended, tenant.resumed, tenant.limited
-- folds: tenant.registration-opened, tenant.registration-closed
-- independent by: tenant

CREATE TABLE tenants (
    tenant_id              uuid        NOT NULL,
    position               bigint      NOT NULL,
    name                   text        NOT NULL,
    state                  text        NOT NULL,
    registration           text        NOT NULL,
    commands_per_second    integer,
    generations_per_minute integer,
    suspended_at           timestamptz,
    created_at             timestamptz,
    updated_at             timestamptz NOT NULL,
    CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id)
);
COMMENT ON TABLE tenants IS 'The tenant itself, once it was created or changed: each tenant sees one row, its own.';
COMMENT ON COLUMN tenants.state IS 'open, or suspended: then nothing of it is served.';
COMMENT ON COLUMN tenants.registration IS 'open where people may register accounts by themselves, else closed.';
COMMENT ON COLUMN tenants.commands_per_second IS 'How many commands a second it may send; empty where the service''s own limit holds.';
COMMENT ON COLUMN tenants.generations_per_minute IS 'How many generations a minute it may ask for; empty where the service''s own limit holds.';
COMMENT ON COLUMN tenants.suspended_at IS 'Since when it is suspended; empty while it is open.';
COMMENT ON COLUMN tenants.created_at IS 'Empty for the tenant of those who run the service, which always was.';

-- Each part of a row follows from the last event that says something of it. The tenant that always was, and is open to
-- registrations from the start, has its row from its first event on.
CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH slice AS (
        SELECT s.* FROM log.slice('tenant', after, upto) AS s
    ), news AS (
        SELECT s.tenant_id, max(s.position) AS position, max(s.recorded_at) AS updated_at, max(s.data ->> 'name') AS name,
               min(s.recorded_at) FILTER (WHERE s.type = 'tenant.created') AS created_at,
               (array_agg(s.type ORDER BY s.position DESC)
                   FILTER (WHERE s.type IN ('tenant.suspended', 'tenant.resumed')))[1] AS stage,
               max(s.recorded_at) FILTER (WHERE s.type = 'tenant.suspended') AS suspended_at,
               (array_agg(s.type ORDER BY s.position DESC)
                   FILTER (WHERE s.type IN ('tenant.registration-opened', 'tenant.registration-closed')))[1] AS registration,
               (array_agg(s.data ORDER BY s.position DESC) FILTER (WHERE s.type = 'tenant.limited'))[1] AS limits
          FROM slice AS s
         GROUP BY s.tenant_id
    ), said AS (
        SELECT n.*, CASE n.stage WHEN 'tenant.suspended' THEN 'suspended' WHEN 'tenant.resumed' THEN 'open' END AS new_state,
               CASE n.registration WHEN 'tenant.registration-opened' THEN 'open'
                                   WHEN 'tenant.registration-closed' THEN 'closed' END AS new_registration
          FROM news AS n
    )
    MERGE INTO tenants AS t
    USING said AS n ON t.tenant_id = n.tenant_id
    WHEN MATCHED AND n.position > t.position THEN UPDATE SET
        position = n.position,
        state = coalesce(n.new_state, t.state),
        registration = coalesce(n.new_registration, t.registration),
        commands_per_second = CASE WHEN n.limits IS NULL THEN t.commands_per_second
                                   ELSE (n.limits ->> 'commands_per_second')::integer END,
        generations_per_minute = CASE WHEN n.limits IS NULL THEN t.generations_per_minute
                                      ELSE (n.limits ->> 'generations_per_minute')::integer END,
        suspended_at = CASE n.new_state WHEN 'suspended' THEN n.suspended_at WHEN 'open' THEN NULL ELSE t.suspended_at END,
        updated_at = n.updated_at
    WHEN NOT MATCHED THEN INSERT (
        tenant_id, position, name, state, registration, commands_per_second, generations_per_minute, suspended_at, created_at,
        updated_at)
    VALUES (
        n.tenant_id, n.position, n.name, coalesce(n.new_state, 'open'),
        coalesce(n.new_registration, CASE WHEN n.created_at IS NULL THEN 'open' ELSE 'closed' END),
        (n.limits ->> 'commands_per_second')::integer, (n.limits ->> 'generations_per_minute')::integer,
        CASE n.new_state WHEN 'suspended' THEN n.suspended_at END, n.created_at, n.updated_at);
END
$$;
