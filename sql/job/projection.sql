-- Generation jobs as analysts and clients see them: one row per job, from its creation to its end.
-- folds: job.created, job.started, job.advanced, job.completed, job.failed, job.retry-scheduled, job.cancelled, job.requeued
-- folds: llm.called

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
    failed_at    timestamptz[] NOT NULL DEFAULT '{}',
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
COMMENT ON TABLE generation_jobs IS 'Jobs that generate something, from the request to the end.';
COMMENT ON COLUMN generation_jobs.status IS 'QUEUED, RUNNING, COMPLETED, FAILED or CANCELLED.';
COMMENT ON COLUMN generation_jobs.errors IS 'Why each of its attempts failed that did, oldest first.';
COMMENT ON COLUMN generation_jobs.failed_at IS 'When each of the errors came.';
COMMENT ON COLUMN generation_jobs.token_usage IS 'Tokens in and out of all calls of language models for it, failed ones too.';
COMMENT ON COLUMN generation_jobs.cost IS 'What these calls cost in US dollars, exact; those of models whose price is not known add nothing.';
COMMENT ON COLUMN generation_jobs.model_used IS 'The language model that answered last for it; empty where none did.';
COMMENT ON COLUMN generation_jobs.run_at IS 'When it is tried again after an attempt that failed or was turned away for a while; empty if none was, and while it runs.';

-- Nobody looks for a row by these, and to gather statistics of them is a large part of a small rebuild.
ALTER TABLE generation_jobs
    ALTER note SET STATISTICS 0, ALTER errors SET STATISTICS 0, ALTER failed_at SET STATISTICS 0,
    ALTER advice SET STATISTICS 0, ALTER worker SET STATISTICS 0;

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
    -- The last event of each kind, by aggregates that all share one order: the server then sorts once for all. Kinds are
    -- 1 created, 2 started, 3 failed, 4 any other change of the stage, 5 progress, 6 a call of a language model, which
    -- stands in a ledger and names its job, if it was for one. OFFSET 0 has them found out once an event.
    WITH slice AS (
        SELECT s.position, s.tenant_id, s.type, s.data, s.recorded_at,
               CASE s.type WHEN 'llm.called' THEN (s.data ->> 'job_id')::uuid ELSE s.stream_id END AS id,
               CASE s.type WHEN 'job.advanced' THEN 5 WHEN 'job.created' THEN 1 WHEN 'job.started' THEN 2
                           WHEN 'llm.called' THEN 6 WHEN 'job.failed' THEN 3
                           WHEN 'job.retry-scheduled' THEN CASE WHEN (s.data ->> 'throttled')::boolean THEN 4 ELSE 3 END
                           ELSE 4 END AS kind
          FROM log.slice('job', after, upto) AS s
        OFFSET 0
    ), seen AS (
        SELECT s.id, s.tenant_id, max(s.position) AS position, max(s.recorded_at) AS updated_at,
               min(s.recorded_at) FILTER (WHERE s.kind = 1) AS created_at,
               min(s.recorded_at) FILTER (WHERE s.kind = 2) AS started_at,
               (array_agg(s.data ORDER BY s.position DESC) FILTER (WHERE s.kind = 1))[1] AS created_data,
               (array_agg(s.data ORDER BY s.position DESC) FILTER (WHERE s.kind = 2))[1] AS started_data,
               (array_agg(s.data ORDER BY s.position DESC) FILTER (WHERE s.kind = 5))[1] AS advanced_data,
               (array_agg(s.data ORDER BY s.position DESC) FILTER (WHERE s.kind <= 4))[1] AS stage_data,
               (array_agg(s.type ORDER BY s.position DESC) FILTER (WHERE s.kind <= 4))[1] AS stage,
               max(s.recorded_at) FILTER (WHERE s.kind <= 4) AS staged_at,
               array_agg(jsonb_build_object('error', s.data -> 'error', 'at', s.recorded_at) ORDER BY s.position DESC)
                   FILTER (WHERE s.kind = 3) AS failures,
               array_agg(s.data ORDER BY s.position DESC) FILTER (WHERE s.kind = 6) AS calls
          FROM slice AS s
         WHERE s.id IS NOT NULL
         GROUP BY s.id, s.tenant_id
    ), news AS (
        SELECT n.*,
               CASE WHEN n.failures IS NULL THEN '{}' ELSE
                   ARRAY(SELECT f.failure ->> 'error' FROM unnest(n.failures) WITH ORDINALITY AS f (failure, number)
                          ORDER BY f.number DESC) END AS errors,
               CASE WHEN n.failures IS NULL THEN '{}' ELSE
                   ARRAY(SELECT (f.failure ->> 'at')::timestamptz FROM unnest(n.failures) WITH ORDINALITY AS f (failure, number)
                          ORDER BY f.number DESC) END AS failed_at,
               CASE WHEN n.calls IS NOT NULL THEN
                   (SELECT c.call ->> 'model_returned' FROM unnest(n.calls) WITH ORDINALITY AS c (call, number)
                     WHERE c.call ->> 'model_returned' <> '' ORDER BY c.number LIMIT 1) END AS model_used,
               CASE WHEN n.calls IS NOT NULL THEN
                   (SELECT sum((c.call ->> 'tokens_in')::bigint + (c.call ->> 'tokens_out')::bigint) FROM unnest(n.calls) AS c (call))
                   END AS tokens,
               CASE WHEN n.calls IS NOT NULL THEN
                   (SELECT sum((c.call ->> 'cost')::numeric) FROM unnest(n.calls) AS c (call)) END AS cost,
               CASE n.stage WHEN 'job.started' THEN 'RUNNING' WHEN 'job.completed' THEN 'COMPLETED'
                            WHEN 'job.failed' THEN 'FAILED' WHEN 'job.cancelled' THEN 'CANCELLED'
                            WHEN NULL THEN NULL ELSE 'QUEUED' END AS status,
               (n.stage_data ->> 'at')::timestamptz AS run_at,
               n.stage_data ->> 'advice' AS advice,
               CASE WHEN n.stage IN ('job.completed', 'job.failed', 'job.cancelled') THEN n.staged_at END AS completed_at
          FROM seen AS n
    )
    MERGE INTO generation_jobs AS j
    USING news AS n ON j.id = n.id AND j.tenant_id = n.tenant_id
    WHEN MATCHED AND n.position > j.position THEN UPDATE SET
        position     = n.position,
        status       = CASE WHEN n.stage IS NULL THEN j.status ELSE n.status END,
        steps_done   = coalesce((n.advanced_data ->> 'step')::integer, j.steps_done),
        steps_total  = coalesce((n.advanced_data ->> 'of')::integer, j.steps_total),
        note         = coalesce(n.advanced_data ->> 'note', j.note),
        attempts     = coalesce((n.started_data ->> 'attempt')::integer, j.attempts),
        errors       = j.errors || n.errors,
        failed_at    = j.failed_at || n.failed_at,
        token_usage  = j.token_usage + coalesce(n.tokens, 0),
        cost         = j.cost + coalesce(n.cost, 0),
        model_used   = coalesce(n.model_used, j.model_used),
        advice       = CASE WHEN n.stage IS NULL THEN j.advice ELSE n.advice END,
        worker       = coalesce(n.started_data ->> 'worker', j.worker),
        run_at       = CASE WHEN n.stage IS NULL THEN j.run_at ELSE n.run_at END,
        started_at   = coalesce(j.started_at, n.started_at),
        completed_at = CASE WHEN n.stage IS NULL THEN j.completed_at ELSE n.completed_at END,
        updated_at   = n.updated_at
    WHEN NOT MATCHED AND n.created_data IS NOT NULL THEN INSERT (
        id, tenant_id, position, kind, target, requested_by, status, steps_done, steps_total, note, attempts,
        errors, failed_at, token_usage, cost, model_used, advice, worker, run_at, created_at, started_at, completed_at,
        updated_at)
    VALUES (
        n.id, n.tenant_id, n.position, n.created_data ->> 'kind', (n.created_data ->> 'target')::uuid,
        n.created_data ->> 'requested_by', n.status,
        coalesce((n.advanced_data ->> 'step')::integer, 0), (n.advanced_data ->> 'of')::integer,
        n.advanced_data ->> 'note', coalesce((n.started_data ->> 'attempt')::integer, 0),
        n.errors, n.failed_at, coalesce(n.tokens, 0), coalesce(n.cost, 0), n.model_used, n.advice,
        n.started_data ->> 'worker', n.run_at, n.created_at, n.started_at, n.completed_at, n.updated_at);
END
$$;
