-- Creates the job queue, an operational table that follows the log's job events in the same transaction.
-- For the operator: instant; the table stays tiny, since a row lives only while its job is unfinished.
-- depends: 0001.create-log

CREATE SCHEMA IF NOT EXISTS job;

-- available_at is when a worker may take the job: its run time while it waits, the end of its lease while it runs.
-- token is the lease of the claim that runs it: every append of that worker must show it.
CREATE TABLE IF NOT EXISTS job.queue (
    job_id       uuid        NOT NULL,
    tenant_id    uuid        NOT NULL,
    kind         text        NOT NULL,
    target       uuid        NOT NULL,
    priority     integer     NOT NULL,
    available_at timestamptz NOT NULL,
    token        uuid,
    worker       text,
    CONSTRAINT queue_pkey PRIMARY KEY (job_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500);
CREATE INDEX IF NOT EXISTS queue_tenant_id_priority_idx ON job.queue (tenant_id, priority DESC, available_at, job_id);
CREATE INDEX IF NOT EXISTS queue_leased_idx ON job.queue (tenant_id) WHERE token IS NOT NULL;

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
            WHEN 'job.completed', 'job.failed', 'job.cancelled' THEN
                DELETE FROM job.queue WHERE job_id = e.stream_id;
        END CASE;
    END LOOP;
    IF FOUND THEN
        PERFORM pg_notify('daybook_queue', '');
    END IF;
END
$$;

GRANT USAGE ON SCHEMA job TO daybook_service;
GRANT SELECT, UPDATE ON job.queue TO daybook_service;
