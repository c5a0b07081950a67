-- Store a history once more behind itself, as that of other courses and other jobs.
-- $1 events of the history   $2 how often it is stored already
INSERT INTO log.events (position, recorded_at, stream_id, tenant_id, version, category, type, data, metadata)
SELECT e.position + $1::bigint * $2::bigint, e.recorded_at + $1::bigint * $2::bigint * interval '1 ms',
       public.again(e.stream_id, $2::bigint), e.tenant_id, e.version, e.category, e.type,
       CASE WHEN e.type IN ('job.created', 'job.started', 'job.completed') THEN
                e.data || jsonb_build_object('target', public.again((e.data ->> 'target')::uuid, $2::bigint))
            WHEN e.type = 'course.requested' THEN
                e.data || jsonb_build_object('job_id', public.again((e.data ->> 'job_id')::uuid, $2::bigint))
            ELSE e.data END,
       e.metadata
  FROM log.events AS e
 WHERE e.position <= $1::bigint
