-- Accounts, what their persons say of themselves, and their sessions.
-- folds: account.registered, account.password-changed, account.password-rehashed, account.deactivated
-- folds: account.reactivated, account.role-changed, account.signed-out-everywhere, account.erased, profile.updated
-- folds: session.started, session.refreshed, session.ended, session.revoked

CREATE TABLE users (
    id            uuid        NOT NULL,
    tenant_id     uuid        NOT NULL,
    position      bigint      NOT NULL,
    version       integer     NOT NULL,
    email         text,
    username      text,
    name          text,
    role          text        NOT NULL,
    roles         text[]      NOT NULL GENERATED ALWAYS AS (ARRAY[role]) STORED,
    is_superuser  boolean     NOT NULL GENERATED ALWAYS AS (role = 'admin') STORED,
    is_active     boolean     NOT NULL,
    token_version integer     NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    erased_at     timestamptz,
    CONSTRAINT users_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE users IS 'Accounts, those that are closed or erased too: who they are and what they may do.';
COMMENT ON COLUMN users.version IS 'The version of the account''s stream, for If-Match.';
COMMENT ON COLUMN users.email IS 'The address as it was typed; empty once the person is erased.';
COMMENT ON COLUMN users.username IS 'The name to log in by, beside the address; empty where there is none, and once the person is erased.';
COMMENT ON COLUMN users.name IS 'What the person is called; empty where it was not said, and once the person is erased.';
COMMENT ON COLUMN users.role IS 'user, analyst, operator or admin; each may do what those before it may.';
COMMENT ON COLUMN users.roles IS 'The role, as a list of one.';
COMMENT ON COLUMN users.is_superuser IS 'Whether the role is admin.';
COMMENT ON COLUMN users.is_active IS 'Whether it may be logged in to.';
COMMENT ON COLUMN users.token_version IS 'Sessions and tokens of another version are void.';
COMMENT ON COLUMN users.erased_at IS 'When the person was erased; empty unless that is so.';

CREATE TABLE user_profiles (
    user_id            uuid        NOT NULL,
    tenant_id          uuid        NOT NULL,
    position           bigint      NOT NULL,
    experience_level   text,
    preferred_language text,
    interests          text[]      NOT NULL,
    learning_goals     text[]      NOT NULL,
    updated_at         timestamptz NOT NULL,
    CONSTRAINT user_profiles_pkey PRIMARY KEY (user_id)
);
COMMENT ON TABLE user_profiles IS 'What the persons behind accounts say about their learning; one row per account, from its registration on.';
COMMENT ON COLUMN user_profiles.experience_level IS 'beginner, intermediate or advanced; empty where it was not said.';
COMMENT ON COLUMN user_profiles.preferred_language IS 'A language tag such as en or pt-BR (BCP 47); empty where it was not said.';
COMMENT ON COLUMN user_profiles.interests IS 'In the person''s own words; none once the person is erased.';
COMMENT ON COLUMN user_profiles.learning_goals IS 'In the person''s own words; none once the person is erased.';

CREATE TABLE sessions (
    id            uuid        NOT NULL,
    tenant_id     uuid        NOT NULL,
    position      bigint      NOT NULL,
    user_id       uuid        NOT NULL,
    token_version integer     NOT NULL,
    agent         text,
    started_at    timestamptz NOT NULL,
    refreshed_at  timestamptz,
    expires_at    timestamptz NOT NULL,
    ended_at      timestamptz,
    ended_because text,
    CONSTRAINT sessions_pkey PRIMARY KEY (id)
);
CREATE INDEX sessions_user_id_started_at_idx ON sessions (user_id, started_at DESC);
COMMENT ON TABLE sessions IS 'Logins, one row each, those that are over too.';
COMMENT ON COLUMN sessions.token_version IS 'That of the account at the login; the session is void once the account has another.';
COMMENT ON COLUMN sessions.agent IS 'What the client called itself; empty once the person is erased.';
COMMENT ON COLUMN sessions.refreshed_at IS 'When its refresh token was used last; empty while it has not been.';
COMMENT ON COLUMN sessions.expires_at IS 'It is over by then, however often it is refreshed.';
COMMENT ON COLUMN sessions.ended_at IS 'When it was ended by a person or for safety; empty if by neither.';
COMMENT ON COLUMN sessions.ended_because IS 'logged out, or why it was ended for safety.';

-- Blank what belongs to one person: what a rebuild shows once the private payloads are gone.
CREATE FUNCTION forget(subject uuid) RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
SET enable_seqscan = off
AS $$
BEGIN
    UPDATE users AS u SET email = NULL, username = NULL, name = NULL
     WHERE u.id = subject AND num_nonnulls(u.email, u.username, u.name) > 0;
    UPDATE user_profiles AS p SET interests = '{}', learning_goals = '{}'
     WHERE p.user_id = subject AND cardinality(p.interests || p.learning_goals) > 0;
    UPDATE sessions AS s SET agent = NULL
     WHERE s.user_id = subject AND s.agent IS NOT NULL;
END
$$;

-- An account's stream holds its profile too. What raises the token version is counted; each row keeps its last position,
-- so that a range which was folded before changes nothing.
CREATE FUNCTION fold_users(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH slice AS (
        SELECT s.*, s.type = 'account.registered' AS registers, s.type = 'account.erased' AS erases
          FROM log.slice('account', after, upto) AS s
         WHERE s.type NOT LIKE 'session.%'
        OFFSET 0
    ), news AS (
        SELECT s.stream_id AS id, s.tenant_id, max(s.position) AS position, max(s.version) AS version,
               max(s.recorded_at) AS updated_at,
               min(s.recorded_at) FILTER (WHERE s.registers) AS created_at,
               min(s.recorded_at) FILTER (WHERE s.erases) AS erased_at,
               (array_agg(s.private ORDER BY s.position) FILTER (WHERE s.registers))[1] AS person,
               bool_or(s.registers OR s.type = 'profile.updated') AS named,
               (array_agg(s.private ->> 'name' ORDER BY s.position DESC)
                   FILTER (WHERE s.registers OR s.type = 'profile.updated'))[1] AS name,
               (array_agg(s.data ->> 'role' ORDER BY s.position DESC) FILTER (WHERE s.data ? 'role'))[1] AS role,
               (array_agg(s.type IN ('account.registered', 'account.reactivated') ORDER BY s.position DESC)
                   FILTER (WHERE s.registers OR s.erases OR s.type IN ('account.deactivated', 'account.reactivated')))[1]
                   AS is_active,
               count(*) FILTER (WHERE s.type IN ('account.registered', 'account.password-changed', 'account.deactivated',
                   'account.role-changed', 'account.signed-out-everywhere', 'account.erased')) AS raised
          FROM slice AS s
         GROUP BY s.stream_id, s.tenant_id
    )
    MERGE INTO users AS u
    USING news AS n ON u.id = n.id
    WHEN MATCHED AND n.position > u.position THEN UPDATE SET
        position      = n.position,
        version       = n.version,
        name          = CASE WHEN n.named THEN n.name ELSE u.name END,
        role          = coalesce(n.role, u.role),
        is_active     = coalesce(n.is_active, u.is_active),
        token_version = u.token_version + n.raised,
        updated_at    = n.updated_at,
        erased_at     = coalesce(n.erased_at, u.erased_at)
    WHEN NOT MATCHED AND n.created_at IS NOT NULL THEN INSERT (
        id, tenant_id, position, version, email, username, name, role, is_active, token_version, created_at, updated_at,
        erased_at)
    VALUES (
        n.id, n.tenant_id, n.position, n.version, n.person ->> 'email', n.person ->> 'username', n.name, n.role,
        n.is_active, n.raised, n.created_at, n.updated_at, n.erased_at);
END
$$;

CREATE FUNCTION fold_profiles(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO user_profiles AS p (
        user_id, tenant_id, position, experience_level, preferred_language, interests, learning_goals, updated_at)
    SELECT DISTINCT ON (s.stream_id) s.stream_id, s.tenant_id, s.position, s.data ->> 'experience_level',
           s.data ->> 'preferred_language', coalesce(said.interests, '{}'), coalesce(said.learning_goals, '{}'), s.recorded_at
      FROM log.slice('account', after, upto) AS s
      LEFT JOIN LATERAL jsonb_to_record(s.private) AS said (interests text[], learning_goals text[]) ON true
     WHERE s.type IN ('account.registered', 'profile.updated')
     ORDER BY s.stream_id, s.position DESC
    ON CONFLICT (user_id) DO UPDATE SET
        position = EXCLUDED.position, experience_level = EXCLUDED.experience_level,
        preferred_language = EXCLUDED.preferred_language, interests = EXCLUDED.interests,
        learning_goals = EXCLUDED.learning_goals, updated_at = EXCLUDED.updated_at
     WHERE p.position < EXCLUDED.position;
END
$$;

CREATE FUNCTION fold_sessions(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH slice AS (
        SELECT s.*, s.type IN ('session.ended', 'session.revoked') AS ends
          FROM log.slice('account', after, upto) AS s
         WHERE s.type LIKE 'session.%'
        OFFSET 0
    ), news AS (
        SELECT s.stream_id AS id, s.tenant_id, max(s.position) AS position,
               min(s.recorded_at) FILTER (WHERE s.type = 'session.started') AS started_at,
               max((s.data ->> 'at')::timestamptz) AS refreshed_at,
               min(s.recorded_at) FILTER (WHERE s.ends) AS ended_at,
               (array_agg(s.data ORDER BY s.position) FILTER (WHERE s.type = 'session.started'))[1] AS data,
               (array_agg(s.private ORDER BY s.position) FILTER (WHERE s.type = 'session.started'))[1] AS private,
               (array_agg(coalesce(s.data ->> 'reason', 'logged out') ORDER BY s.position) FILTER (WHERE s.ends))[1] AS because
          FROM slice AS s
         GROUP BY s.stream_id, s.tenant_id
    )
    MERGE INTO sessions AS x
    USING news AS n ON x.id = n.id
    WHEN MATCHED AND n.position > x.position THEN UPDATE SET
        position      = n.position,
        refreshed_at  = coalesce(n.refreshed_at, x.refreshed_at),
        ended_at      = coalesce(x.ended_at, n.ended_at),
        ended_because = coalesce(x.ended_because, n.because)
    WHEN NOT MATCHED AND n.started_at IS NOT NULL THEN INSERT (
        id, tenant_id, position, user_id, token_version, agent, started_at, refreshed_at, expires_at, ended_at, ended_because)
    VALUES (
        n.id, n.tenant_id, n.position, (n.data ->> 'account')::uuid, (n.data ->> 'version')::integer,
        n.private ->> 'agent', n.started_at, n.refreshed_at, (n.data ->> 'expires_at')::timestamptz, n.ended_at, n.because);
END
$$;

-- What is stored of a person after the erasure, such as a login that was on its way, has no private part.
-- The memory is for rebuilds, whose steps would otherwise sort on disk. Plans are cached while the tables are small, and
-- must still be right when they are large: what a batch touches is looked up, never found by reading a whole table.
CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql
SET work_mem = '64MB'
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
BEGIN
    PERFORM fold_users(after, upto);
    PERFORM fold_profiles(after, upto);
    PERFORM fold_sessions(after, upto);
    PERFORM forget(s.stream_id) FROM log.slice('account', after, upto) AS s WHERE s.type = 'account.erased';
END
$$;
