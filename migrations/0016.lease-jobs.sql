-- Prepares the queue of jobs for leases of a few seconds: who is cancelled hears of it at once, and a time in which
-- nobody could reach the database costs nobody a lease.
-- For the operator: instant.
-- depends: 0015.keep-embeddings

-- When any worker was last heard of, and when one was heard of again after all had been silent.
CREATE TABLE IF NOT EXISTS job.pulse (
    one        boolean     NOT NULL DEFAULT true,
    heard_at   timestamptz NOT NULL,
    resumed_at timestamptz NOT NULL,
    CONSTRAINT pulse_pkey PRIMARY KEY (one),
    CONSTRAINT pulse_one_check CHECK (one)
) WITH (fillfactor = 10);
INSERT INTO job.pulse (heard_at, resumed_at) VALUES ('-infinity', '-infinity') ON CONFLICT DO NOTHING;

-- Take note that a worker is heard of; tell whether leases that have run out may be given to others. Where all were
-- silent for most of a lease of so many seconds, it was the database that could not be reached, and each of them is
-- given the time to be heard of again before its jobs go to another. Waits for nobody, so it can be part of any claim.
CREATE OR REPLACE FUNCTION job.heard(seconds float8) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $$
DECLARE
    at     timestamptz := clock_timestamp();
    before job.pulse;
    silent boolean;
BEGIN
    IF NOT EXISTS (SELECT FROM job.queue AS q WHERE q.token IS NOT NULL) THEN
        RETURN true;
    END IF;
    SELECT p.* INTO before FROM job.pulse AS p;
    silent := before.heard_at < at - make_interval(secs => 0.6 * seconds);
    IF before.heard_at < at - make_interval(secs => 0.1 * seconds) THEN
        UPDATE job.pulse AS p
           SET heard_at = at, resumed_at = CASE WHEN silent THEN at ELSE p.resumed_at END
         WHERE p.one IN (SELECT f.one FROM job.pulse AS f FOR UPDATE SKIP LOCKED);
    END IF;
    RETURN NOT silent AND before.resumed_at < at - make_interval(secs => 0.4 * seconds);
END
$$;

-- Bring the queue to what the job events of positions (after, upto] say. Called by log.append, inside its transaction.
CREATE OR REPLACE FUNCTION job.follow(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    e record;
BEGIN
    FOR e IN
        SELECT stream_id, tenant_id, type, data, recorded_at
          FROM log.events
         WHERE position > after AND position <= upto AND category = 'job'
           AND type IN ('job.created', 'job.requeued', 'job.retry-scheduled',
                        'job.completed', 'job.failed', 'job.cancelled')
         ORDER BY position
    LOOP
        CASE e.type
            WHEN 'job.created', 'job.requeued' THEN
                INSERT INTO job.queue (job_id, tenant_id, kind, target, priority, available_at)
                VALUES (e.stream_id, e.tenant_id, e.data ->> 'kind', (e.data ->> 'target')::uuid,
                        coalesce((e.data ->> 'priority')::integer, 0), e.recorded_at)
                ON CONFLICT (job_id) DO UPDATE SET available_at = EXCLUDED.available_at, token = NULL, worker = NULL;
            WHEN 'job.retry-scheduled' THEN
                UPDATE job.queue
                   SET available_at = (e.data ->> 'at')::timestamptz, token = NULL, worker = NULL
                 WHERE job_id = e.stream_id;
            WHEN 'job.completed', 'job.failed' THEN
                DELETE FROM job.queue WHERE job_id = e.stream_id;
            WHEN 'job.cancelled' THEN
                DELETE FROM job.queue WHERE job_id = e.stream_id;
                PERFORM pg_notify('daybook_cancelled', '');
        END CASE;
    END LOOP;
    IF FOUND THEN
        PERFORM pg_notify('daybook_queue', '');
    END IF;
END
$$;

GRANT SELECT, UPDATE ON job.pulse TO daybook_service;
REVOKE ALL ON FUNCTION job.heard FROM PUBLIC;
GRANT EXECUTE ON FUNCTION job.heard TO daybook_service;
