-- Who did what: one row per act of a caller, those that were refused and logins that failed too, and where callers are.
-- folds: account.registered, account.password-changed, account.deactivated, account.reactivated, account.role-changed
-- folds: account.signed-out-everywhere, account.erased, profile.updated, erasure.verified, erasure.incomplete
-- folds: session.started, session.ended, session.revoked
-- folds: service-token.issued, service-token.revoked
-- folds: tenant.created, tenant.suspended, tenant.resumed, tenant.limited, tenant.registration-opened
-- folds: tenant.registration-closed
-- folds: course.requested, course.renamed, course.archived, lesson.promoted, lesson.pinned, lesson.revised
-- folds: lesson.rolled-back, lesson.unpinned
-- folds: textbook.requested, textbook.archived, chapter.published, chapter.revised, chapter.rolled-back
-- folds: source.added, source.replaced, source.removed, job.created, job.cancelled, job.requeued
-- folds: price.published, budget.set
-- folds: projection.built, projection.verified, projection.swapped, projection.rolled-back, projection.paused
-- folds: projection.resumed, projection.reset, projection.recalled, projection.dropped, projection.replayed
-- folds: projection.retried, projection.discarded, analyst.created, analyst.dropped
-- folds: command.refused, login.failed, audit.dropped, origin.seen

CREATE TABLE audit_acts (
    position       bigint      NOT NULL,
    tenant_id      uuid        NOT NULL,
    at             timestamptz NOT NULL,
    actor          text        NOT NULL COLLATE "C",
    actor_kind     text        NOT NULL COLLATE "C",
    action         text        NOT NULL COLLATE "C",
    category       text        COLLATE "C",
    stream_id      uuid,
    outcome        text        NOT NULL COLLATE "C",
    code           text        COLLATE "C",
    route          text        COLLATE "C",
    status         integer,
    times          integer     NOT NULL,
    origin         uuid,
    correlation_id uuid,
    detail         text,
    -- Named as the index that readers get at the end of the load: one is enough.
    CONSTRAINT audit_acts_changed_idx PRIMARY KEY (position)
);
COMMENT ON TABLE audit_acts IS 'What callers did, what was refused to them, and logins that failed: one row per act. v_audit says besides from where.';
COMMENT ON COLUMN audit_acts.at IS 'When it was done.';
COMMENT ON COLUMN audit_acts.actor IS 'Who: the id of an account or a service token, the name of an operator, service, or anonymous.';
COMMENT ON COLUMN audit_acts.actor_kind IS 'account (or a service token), operator, service for what it does by itself, or visitor for whoever is not logged in.';
COMMENT ON COLUMN audit_acts.action IS 'The type of the event, such as course.renamed, command.refused or login.failed.';
COMMENT ON COLUMN audit_acts.category IS 'The kind of stream it was done to; empty where it was refused.';
COMMENT ON COLUMN audit_acts.stream_id IS 'What it was done to, or was to be done to; the account, where a login failed. Empty where there is no such thing.';
COMMENT ON COLUMN audit_acts.outcome IS 'ok, refused (a command) or failed (a login).';
COMMENT ON COLUMN audit_acts.code IS 'Why it was refused, as in the answer, such as not-found; why a login failed. Empty where all went well.';
COMMENT ON COLUMN audit_acts.route IS 'Method and path template of a refused command.';
COMMENT ON COLUMN audit_acts.status IS 'The HTTP status of a refused command.';
COMMENT ON COLUMN audit_acts.times IS 'How often it happened within a moment: 1 but for what is refused again and again.';
COMMENT ON COLUMN audit_acts.origin IS 'The caller at an address, as an id: the same for every act from there. Empty for what was not done over HTTP.';
COMMENT ON COLUMN audit_acts.correlation_id IS 'The trace that it belongs to; several acts of one request share it.';
COMMENT ON COLUMN audit_acts.detail IS 'A few words more, such as which lesson or which role; never a person''s words.';

CREATE TABLE audit_origins (
    id        uuid        NOT NULL,
    tenant_id uuid        NOT NULL,
    position  bigint      NOT NULL,
    subject   uuid        NOT NULL,
    kind      text        NOT NULL COLLATE "C",
    network   cidr,
    seen_at   timestamptz NOT NULL,
    CONSTRAINT audit_origins_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE audit_origins IS 'Callers at addresses: one row for each caller at each address. The address itself is private and shown to administrators only.';
COMMENT ON COLUMN audit_origins.subject IS 'Whom the address belongs to: the id of an account or a service token, or one made of an operator''s name or of what a visitor typed.';
COMMENT ON COLUMN audit_origins.kind IS 'operator, account, service-token, or visitor for whoever is not logged in.';
COMMENT ON COLUMN audit_origins.network IS 'The network of the address: its first 24 bits, of IPv6 48. Empty where it is not known, or its person has been erased.';
COMMENT ON COLUMN audit_origins.seen_at IS 'When the caller was met there for the first time.';

CREATE INDEX audit_origins_subject_idx ON audit_origins (subject);

-- Forget where a person called from.
CREATE FUNCTION forget(subject uuid) RETURNS void
LANGUAGE sql
SET search_path FROM CURRENT
AS $$
    UPDATE audit_origins AS o SET network = NULL WHERE o.subject = forget.subject AND o.network IS NOT NULL
$$;

-- A job that a course or textbook was requested with is no act of its own; one that makes a part anew is. Acts come in the order of
-- the log, a row each, so what stands at or before the last of them is in. Of whoever is met after his erasure the log
-- holds no address.
CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql
SET work_mem = '64MB'
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
DECLARE
    known     bigint;
    met       bigint[];
    erased    uuid[];
    erased_at bigint[];
BEGIN
    SELECT coalesce(max(a.position), 0) INTO known FROM audit_acts AS a;

    WITH seen AS MATERIALIZED (
        SELECT s.position, s.tenant_id, s.type, s.stream_id, s.data, s.recorded_at,
               coalesce(s.metadata ->> 'actor', '') AS actor, (s.metadata ->> 'origin')::uuid AS origin,
               (s.metadata ->> 'correlation_id')::uuid AS correlation_id
          FROM log.slice('audit', after, upto) AS s
         WHERE coalesce(s.metadata ->> 'actor', '') NOT LIKE 'worker:%' AND (s.type <> 'job.created' OR s.data ->> 'kind' IN ('lesson', 'chapter'))
    ), done AS (
        INSERT INTO audit_acts (position, tenant_id, at, actor, actor_kind, action, category, stream_id, outcome, times,
                                origin, correlation_id, detail)
        SELECT s.position, s.tenant_id, s.recorded_at, s.actor,
               CASE WHEN s.actor LIKE '________-____-____-____-____________' THEN 'account' WHEN s.actor IN ('', 'anonymous') THEN 'visitor'
                    WHEN s.actor = 'service' THEN 'service' ELSE 'operator' END,
               s.type,
               CASE split_part(s.type, '.', 1) WHEN 'lesson' THEN 'course' WHEN 'chapter' THEN 'textbook' WHEN 'profile' THEN 'account' ELSE split_part(s.type, '.', 1) END,
               s.stream_id, 'ok', 1, s.origin, s.correlation_id,
               CASE WHEN s.type = 'job.created' THEN (s.data ->> 'kind') || ' ' || (s.data ->> 'number')
                    WHEN s.type LIKE 'lesson.%' OR s.type LIKE 'chapter.%' THEN split_part(s.type, '.', 1) || ' ' || (s.data ->> 'number')
                    WHEN s.type LIKE 'projection.%' THEN coalesce(s.data ->> 'projection', s.data ->> 'schema')
                    WHEN s.type LIKE 'analyst.%' OR s.type = 'tenant.created' THEN s.data ->> 'name'
                    WHEN s.type = 'price.published' THEN s.data ->> 'model'
                    WHEN s.type IN ('account.registered', 'account.role-changed') THEN s.data ->> 'role' END
          FROM seen AS s
         WHERE s.type NOT IN ('origin.seen', 'command.refused', 'login.failed', 'audit.dropped') AND s.position > known
    ), noted AS (
        INSERT INTO audit_acts (position, tenant_id, at, actor, actor_kind, action, stream_id, outcome, code, route, status,
                                times, origin, correlation_id, detail)
        SELECT s.position, s.tenant_id, coalesce(n.at, s.recorded_at), coalesce(n.actor, CASE s.type WHEN 'login.failed' THEN 'anonymous' ELSE s.actor END),
               CASE s.type WHEN 'command.refused' THEN n.kind WHEN 'login.failed' THEN 'visitor' ELSE 'service' END,
               s.type, coalesce(n.target, n.account), CASE s.type WHEN 'command.refused' THEN 'refused' ELSE 'failed' END,
               coalesce(n.code, n.reason), n.method || ' ' || n.path, n.status, coalesce(n.times, 1), n.origin, n.correlation_id,
               CASE s.type WHEN 'audit.dropped' THEN n.count || ' refusals are missing here' END
          FROM seen AS s
         CROSS JOIN LATERAL jsonb_to_record(s.data) AS n (
                   actor text, kind text, method text, path text, target uuid, account uuid, code text, reason text, status integer,
                   origin uuid, correlation_id uuid, at timestamptz, times integer, count integer)
         WHERE s.type IN ('command.refused', 'login.failed', 'audit.dropped') AND s.position > known
    )
    SELECT array_agg(s.position) FILTER (WHERE s.type = 'origin.seen'), array_agg(s.stream_id ORDER BY s.position) FILTER (WHERE s.type = 'account.erased'),
           array_agg(s.position ORDER BY s.position) FILTER (WHERE s.type = 'account.erased')
      INTO met, erased, erased_at
      FROM seen AS s;

    IF met IS NOT NULL THEN
        INSERT INTO audit_origins (id, tenant_id, position, subject, kind, network, seen_at)
        SELECT s.stream_id, s.tenant_id, s.position, (s.data ->> 'subject')::uuid, s.data ->> 'kind',
               network(set_masklen(a.address, CASE family(a.address) WHEN 4 THEN 24 ELSE 48 END)), s.recorded_at
          FROM log.slice('audit', after, upto) AS s
         CROSS JOIN LATERAL (SELECT nullif(s.private ->> 'address', '')::inet AS address) AS a
         WHERE s.position = ANY (met)
        ON CONFLICT DO NOTHING;
    END IF;

    IF erased IS NOT NULL THEN
        PERFORM forget(e.subject) FROM unnest(erased) AS e (subject);
        UPDATE audit_origins AS o SET position = e.position
          FROM unnest(erased, erased_at) AS e (subject, position)
         WHERE o.subject = e.subject AND o.position < e.position;
    END IF;
END
$$;
