-- Fill an empty log with whole jobs of five events each, as log.append would have stored them: dense positions,
-- versions without a hole, a receipt per commit, the head behind the last. None waits in the queue: all are over.
-- $1 number of events
WITH seeded AS (
    INSERT INTO log.events (position, recorded_at, stream_id, tenant_id, version, category, type, data, metadata)
    SELECT n, timestamptz '2026-01-01' + n * interval '1 ms', md5('job' || (n - 1) / 5)::uuid,
           '00000000-0000-4000-8000-000000000001', (n - 1) % 5 + 1, 'job',
           (ARRAY['job.created', 'job.started', 'job.advanced', 'job.advanced', 'job.completed'])[(n - 1) % 5 + 1],
           jsonb_build_object(
               'kind', 'tutor', 'target', md5('target' || (n - 1) / 5)::uuid, 'requested_by', 'bench', 'priority', 0,
               'worker', 'bench', 'attempt', 1, 'step', (n - 1) % 5 - 1, 'of', 2,
               'note', 'Lesson ' || (n - 1) % 5 || ' of the course on the water cycle is written and checked.'),
           jsonb_build_object('actor', 'bench', 'correlation_id', md5('job' || (n - 1) / 5)::uuid)
      FROM generate_series(1, $1::bigint) AS n
), receipts AS (
    INSERT INTO log.receipts (key, position, events, fingerprint)
    SELECT md5('key' || n)::uuid, n, 1, sha256(n::text::bytea) FROM generate_series(1, $1::bigint) AS n
)
UPDATE log.head
   SET position = $1::bigint, recorded_at = timestamptz '2026-01-01' + $1::bigint * interval '1 ms'
