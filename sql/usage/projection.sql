-- How much of what happened on each day, and who caused it: counts of all that is in the log, in days of UTC.
-- folds: *

CREATE TABLE daily_events (
    tenant_id     uuid        NOT NULL,
    day           date        NOT NULL,
    type          text        NOT NULL COLLATE "C",
    position      bigint      NOT NULL,
    events        bigint      NOT NULL,
    streams_begun bigint      NOT NULL,
    first_seen    timestamptz NOT NULL,
    last_seen     timestamptz NOT NULL,
    CONSTRAINT daily_events_pkey PRIMARY KEY (tenant_id, day, type)
);
COMMENT ON TABLE daily_events IS 'How many events of each type there were on each day (UTC), and how many of them began a stream.';
COMMENT ON COLUMN daily_events.day IS 'The day in UTC.';
COMMENT ON COLUMN daily_events.streams_begun IS 'How many of them were the first of their stream.';

-- Named as the one that readers get at the end of the load: the fold needs it from the first event on.
CREATE INDEX daily_events_changed_idx ON daily_events (position);

CREATE TABLE daily_actors (
    tenant_id  uuid        NOT NULL,
    day        date        NOT NULL,
    actor      text        NOT NULL COLLATE "C",
    position   bigint      NOT NULL,
    events     bigint      NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen  timestamptz NOT NULL,
    CONSTRAINT daily_actors_pkey PRIMARY KEY (tenant_id, day, actor)
);
COMMENT ON TABLE daily_actors IS 'How many events each actor (an account, an operator, a worker) caused on each day (UTC).';
COMMENT ON COLUMN daily_actors.day IS 'The day in UTC.';
COMMENT ON COLUMN daily_actors.actor IS 'The id of an account, operator, or worker:NAME for what jobs do.';

-- Sums cannot tell whether an event is in them already, but every event is folded and changes a row: what stands at or
-- before the last position of any row is in. A range is counted once, by one pass over it, before any row is touched.
CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql
SET work_mem = '64MB'
SET enable_seqscan = off
AS $$
DECLARE
    counted bigint;
BEGIN
    SELECT greatest(after, max(d.position)) INTO counted FROM daily_events AS d;

    WITH seen AS MATERIALIZED (
        SELECT s.tenant_id, (s.recorded_at AT TIME ZONE 'UTC')::date AS day, s.type,
               coalesce(s.metadata ->> 'actor', '') AS actor, max(s.position) AS position, count(*) AS events,
               count(*) FILTER (WHERE s.version = 1) AS streams_begun,
               min(s.recorded_at) AS first_seen, max(s.recorded_at) AS last_seen
          FROM log.slice('usage', counted, upto) AS s
         GROUP BY GROUPING SETS ((s.tenant_id, (s.recorded_at AT TIME ZONE 'UTC')::date, s.type),
                                 (s.tenant_id, (s.recorded_at AT TIME ZONE 'UTC')::date, coalesce(s.metadata ->> 'actor', '')))
    ), counted_types AS (
        INSERT INTO daily_events AS d (tenant_id, day, type, position, events, streams_begun, first_seen, last_seen)
        SELECT n.tenant_id, n.day, n.type, n.position, n.events, n.streams_begun, n.first_seen, n.last_seen
          FROM seen AS n
         WHERE n.type IS NOT NULL
        ON CONFLICT (tenant_id, day, type) DO UPDATE SET
            position = EXCLUDED.position, events = d.events + EXCLUDED.events,
            streams_begun = d.streams_begun + EXCLUDED.streams_begun, last_seen = EXCLUDED.last_seen
    )
    INSERT INTO daily_actors AS d (tenant_id, day, actor, position, events, first_seen, last_seen)
    SELECT n.tenant_id, n.day, n.actor, n.position, n.events, n.first_seen, n.last_seen
      FROM seen AS n
     WHERE n.actor IS NOT NULL
    ON CONFLICT (tenant_id, day, actor) DO UPDATE SET
        position = EXCLUDED.position, events = d.events + EXCLUDED.events, last_seen = EXCLUDED.last_seen;
END
$$;
