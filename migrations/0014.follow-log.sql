-- Creates the checkpoints of subscribers, which pass what happens on to other systems.
-- For the operator: instant.
-- depends: 0013.erase-people

-- One row per subscriber, made when it first runs. position is that of the last event it is done with; log_id is the log
-- that it counts in. token is the lease of the process that runs it, until held_until. After a failure it is tried again at
-- retry_at; failures counts those since the last success.
CREATE TABLE ops.subscribers (
    name       text        NOT NULL,
    position   bigint      NOT NULL DEFAULT 0,
    log_id     uuid        NOT NULL,
    token      uuid,
    worker     text,
    held_until timestamptz NOT NULL DEFAULT '-infinity',
    failures   integer     NOT NULL DEFAULT 0,
    error      text,
    failed_at  timestamptz,
    retry_at   timestamptz NOT NULL DEFAULT '-infinity',
    CONSTRAINT subscribers_pkey PRIMARY KEY (name),
    CONSTRAINT subscribers_position_check CHECK (position >= 0)
) WITH (fillfactor = 10);
COMMENT ON TABLE ops.subscribers IS
    'How far each subscriber, which passes events on to another system, has come; which process runs it; and why it fails, if it does.';

GRANT SELECT, INSERT, UPDATE ON ops.subscribers TO daybook_service;
