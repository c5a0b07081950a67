-- Generation jobs as analysts and clients see them: one row per job, from its creation to its end.
-- folds: job.created, job.started, job.advanced, job.completed, job.failed, job.retry-scheduled, job.cancelled, job.requeued

CREATE TABLE generation_jobs (
    id           uuid        NOT NULL,
    tenant_id    uuid        NOT NULL,
    position     bigint      NOT NULL,
    kind         text        NOT NULL,
    target       uuid        NOT NULL,
    requested_by text        NOT NULL,
    status       text        NOT NULL,
    steps_done   integer     NOT NULL,
    steps_total  integer,
    note         text,
    attempts     integer     NOT NULL,
    errors       text[]      NOT NULL,
    advice       text,
    token_usage  bigint      NOT NULL DEFAULT 0,
    cost         numeric     NOT NULL DEFAULT 0,
    model_used   text,
    worker       text,
    run_at       timestamptz,
    created_at   timestamptz NOT NULL,
    started_at   timestamptz,
    completed_at timestamptz,
    updated_at   timestamptz NOT NULL,
    CONSTRAINT generation_jobs_pkey PRIMARY KEY (id)
);
CREATE INDEX generation_jobs_tenant_id_created_at_idx ON generation_jobs (tenant_id, created_at DESC, id);

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
    -- The last event of each kind, by aggregates that all share one order: the server then sorts once for all.
    WITH seen AS (
        SELECT s.stream_id AS id, s.tenant_id, max(s.position) AS position, max(s.recorded_at) AS updated_at,
               min(s.recorded_at) FILTER (WHERE s.type = 'job.created') AS created_at,
               min(s.recorded_at) FILTER (WHERE s.type = 'job.started') AS started_at,
               (array_agg(s.data ORDER BY s.position DESC) FILTER (WHERE s.type = 'job.created'))[1] AS created_data,
               (array_agg(s.data ORDER BY s.position DESC) FILTER (WHERE s.type = 'job.started'))[1] AS started_data,
               (array_agg(s.data ORDER BY s.position DESC) FILTER (WHERE s.type = 'job.advanced'))[1] AS advanced_data,
               (array_agg(s.data ORDER BY s.position DESC) FILTER (WHERE s.type <> 'job.advanced'))[1] AS stage_data,
               (array_agg(s.type ORDER BY s.position DESC) FILTER (WHERE s.type <> 'job.advanced'))[1] AS stage,
               max(s.recorded_at) FILTER (WHERE s.type <> 'job.advanced') AS staged_at,
               array_agg(s.data ->> 'error' ORDER BY s.position DESC)
                   FILTER (WHERE s.type IN ('job.failed', 'job.retry-scheduled')) AS errors_backwards
          FROM log.slice('job', after, upto) AS s
         GROUP BY s.stream_id, s.tenant_id
    ), news AS (
        SELECT n.*,
               CASE WHEN n.errors_backwards IS NULL THEN '{}' ELSE
                   ARRAY(SELECT e.error FROM unnest(n.errors_backwards) WITH ORDINALITY AS e (error, number)
                          ORDER BY e.number DESC) END AS errors,
               CASE n.stage WHEN 'job.started' THEN 'RUNNING' WHEN 'job.completed' THEN 'COMPLETED'
                            WHEN 'job.failed' THEN 'FAILED' WHEN 'job.cancelled' THEN 'CANCELLED'
                            WHEN NULL THEN NULL ELSE 'QUEUED' END AS status,
               (n.stage_data ->> 'at')::timestamptz AS run_at,
               n.stage_data ->> 'advice' AS advice,
               CASE WHEN n.stage IN ('job.completed', 'job.failed', 'job.cancelled') THEN n.staged_at END AS completed_at
          FROM seen AS n
    )
    MERGE INTO generation_jobs AS j
    USING news AS n ON j.id = n.id
    WHEN MATCHED AND n.position > j.position THEN UPDATE SET
        position     = n.position,
        status       = CASE WHEN n.stage IS NULL THEN j.status ELSE n.status END,
        steps_done   = coalesce((n.advanced_data ->> 'step')::integer, j.steps_done),
        steps_total  = coalesce((n.advanced_data ->> 'of')::integer, j.steps_total),
        note         = coalesce(n.advanced_data ->> 'note', j.note),
        attempts     = coalesce((n.started_data ->> 'attempt')::integer, j.attempts),
        errors       = j.errors || n.errors,
        advice       = CASE WHEN n.stage IS NULL THEN j.advice ELSE n.advice END,
        worker       = coalesce(n.started_data ->> 'worker', j.worker),
        run_at       = CASE WHEN n.stage IS NULL THEN j.run_at ELSE n.run_at END,
        started_at   = coalesce(j.started_at, n.started_at),
        completed_at = CASE WHEN n.stage IS NULL THEN j.completed_at ELSE n.completed_at END,
        updated_at   = n.updated_at
    WHEN NOT MATCHED THEN INSERT (
        id, tenant_id, position, kind, target, requested_by, status, steps_done, steps_total, note, attempts,
        errors, advice, worker, run_at, created_at, started_at, completed_at, updated_at)
    VALUES (
        n.id, n.tenant_id, n.position, n.created_data ->> 'kind', (n.created_data ->> 'target')::uuid,
        n.created_data ->> 'requested_by', n.status,
        coalesce((n.advanced_data ->> 'step')::integer, 0), (n.advanced_data ->> 'of')::integer,
        n.advanced_data ->> 'note', coalesce((n.started_data ->> 'attempt')::integer, 0),
        n.errors, n.advice, n.started_data ->> 'worker', n.run_at, n.created_at, n.started_at,
        n.completed_at, n.updated_at);
END
$$;
