-- Takes back what 0016.lease-jobs made: nobody hears at once of what is cancelled.
DROP FUNCTION IF EXISTS job.heard;
DROP TABLE IF EXISTS job.pulse;
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
