-- Creates the event log: events, private payloads, receipts, the head row and the append-only guard.
-- For the operator: instant on an empty database; takes no lock that anything running needs.

CREATE SCHEMA IF NOT EXISTS log;

-- One row. Whoever appends locks it, so positions are dense and in commit order.
-- id names this log: checkpoints and cursors of another log are refused by it.
CREATE TABLE IF NOT EXISTS log.head (
    singleton   boolean     NOT NULL DEFAULT true,
    position    bigint      NOT NULL DEFAULT 0,
    recorded_at timestamptz NOT NULL DEFAULT '-infinity',
    id          uuid        NOT NULL DEFAULT gen_random_uuid(),
    CONSTRAINT head_pkey PRIMARY KEY (singleton),
    CONSTRAINT head_singleton_check CHECK (singleton)
) WITH (fillfactor = 10);
INSERT INTO log.head DEFAULT VALUES ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS log.events (
    position    bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    stream_id   uuid        NOT NULL,
    tenant_id   uuid        NOT NULL,
    version     integer     NOT NULL,
    category    text        NOT NULL,
    type        text        NOT NULL,
    data        jsonb       NOT NULL,
    metadata    jsonb       NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (position),
    CONSTRAINT events_stream_id_version_key UNIQUE (stream_id, version),
    CONSTRAINT events_version_check CHECK (version > 0)
);

-- What belongs to a person stands beside its event, so that it can be erased while the log stays.
CREATE TABLE IF NOT EXISTS log.private (
    position   bigint NOT NULL,
    subject_id uuid   NOT NULL,
    data       jsonb  NOT NULL,
    CONSTRAINT private_pkey PRIMARY KEY (position)
);
CREATE INDEX IF NOT EXISTS private_subject_id_idx ON log.private (subject_id);

-- One row per commit: its idempotency key, a digest of what was asked, and the positions it took.
CREATE TABLE IF NOT EXISTS log.receipts (
    key         uuid    NOT NULL,
    position    bigint  NOT NULL,
    events      integer NOT NULL,
    fingerprint bytea   NOT NULL,
    CONSTRAINT receipts_pkey PRIMARY KEY (key),
    CONSTRAINT receipts_events_check CHECK (events > 0)
);

CREATE OR REPLACE FUNCTION log.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %.% is refused: the log is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'Append an event that says what is true now. Personal data is erased by run.py log erase.';
END
$$;
CREATE OR REPLACE TRIGGER events_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON log.events
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
CREATE OR REPLACE TRIGGER receipts_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON log.receipts
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
CREATE OR REPLACE TRIGGER private_no_rewrite
    BEFORE UPDATE OR TRUNCATE ON log.private
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

-- The service may run as a login that is a member of this role: it reads the log and appends through
-- log.append, and holds no grant to write the tables themselves. Roles belong to the whole cluster, so the
-- role may already be there, and a rollback leaves it.
DO $$
BEGIN
    CREATE ROLE daybook_service NOLOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;
GRANT USAGE ON SCHEMA log TO daybook_service;
GRANT SELECT ON log.head, log.events, log.private, log.receipts TO daybook_service;
