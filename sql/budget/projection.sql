-- Budgets of tenants and of jobs: one row per budget, and one per call that is charged to it.
-- folds: budget.set, budget.reserved, budget.settled
-- independent by: stream

CREATE TABLE budgets (
    id             uuid        NOT NULL,
    tenant_id      uuid        NOT NULL,
    position       bigint      NOT NULL,
    job_id         uuid,
    amount         numeric,
    period         text        NOT NULL,
    by_house       boolean     NOT NULL,
    already_on     date,
    already_day    numeric     NOT NULL,
    already_month  numeric     NOT NULL,
    already_total  numeric     NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT budgets_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE budgets IS 'What may be spent on calls of language models: the budget of the tenant, if one was ever set, and those of jobs. v_budgets says what is left.';
COMMENT ON COLUMN budgets.job_id IS 'The job whose budget it is; empty for that of the tenant.';
COMMENT ON COLUMN budgets.amount IS 'US dollars that may be spent in each period; empty where there is no limit any more.';
COMMENT ON COLUMN budgets.period IS 'day, month (in UTC), or total for all time.';
COMMENT ON COLUMN budgets.by_house IS 'Whether those who run the service have set it, so that the tenant cannot change it.';
COMMENT ON COLUMN budgets.already_on IS 'The day on which it was first set, or set again after there was none; empty where nothing is known to have been spent before.';
COMMENT ON COLUMN budgets.already_day IS 'US dollars that had been spent on that day before.';
COMMENT ON COLUMN budgets.already_month IS 'US dollars that had been spent in the month of that day before.';
COMMENT ON COLUMN budgets.already_total IS 'US dollars that had ever been spent before.';

CREATE TABLE budget_charges (
    budget_id   uuid        NOT NULL,
    call_id     uuid        NOT NULL,
    tenant_id   uuid        NOT NULL,
    position    bigint      NOT NULL,
    job_id      uuid,
    day         date        NOT NULL,
    reserved    numeric     NOT NULL,
    cost        numeric,
    presumed    boolean     NOT NULL,
    reserved_at timestamptz NOT NULL,
    settled_at  timestamptz,
    CONSTRAINT budget_charges_pkey PRIMARY KEY (budget_id, call_id)
);
COMMENT ON TABLE budget_charges IS 'What was set aside for each call of a language model, and what it cost then; a call may be charged to the budget of its tenant and to that of its job.';
COMMENT ON COLUMN budget_charges.day IS 'The day in UTC to which it is charged: that on which it was set aside.';
COMMENT ON COLUMN budget_charges.reserved IS 'US dollars that the call may cost at most.';
COMMENT ON COLUMN budget_charges.cost IS 'US dollars that the call has cost; empty while it is under way.';
COMMENT ON COLUMN budget_charges.presumed IS 'Whether nobody knows what the call has cost, so that it counts as what was set aside.';

-- Each part of a row follows from the last event that says something of it; what is set aside for a call, from the first.
CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
BEGIN
    WITH news AS (
        SELECT DISTINCT ON (s.stream_id) s.stream_id, s.tenant_id, s.position, s.recorded_at, s.data
          FROM log.slice('budget', after, upto) AS s
         WHERE s.type = 'budget.set'
         ORDER BY s.stream_id, s.position DESC
    ), known AS (
        SELECT DISTINCT ON (s.stream_id) s.stream_id, s.data -> 'already' AS already
          FROM log.slice('budget', after, upto) AS s
         WHERE s.type = 'budget.set' AND jsonb_typeof(s.data -> 'already') = 'object'
         ORDER BY s.stream_id, s.position DESC
    )
    MERGE INTO budgets AS b
    USING (SELECT n.*, k.already
             FROM news AS n
             LEFT JOIN known AS k ON k.stream_id = n.stream_id) AS n ON b.id = n.stream_id
    WHEN MATCHED AND n.position > b.position THEN UPDATE SET
        position = n.position, job_id = (n.data ->> 'job_id')::uuid, amount = (n.data ->> 'limit')::numeric,
        period = n.data ->> 'period', by_house = (n.data ->> 'house')::boolean,
        already_on = coalesce((n.already ->> 'on')::date, b.already_on),
        already_day = coalesce((n.already ->> 'day')::numeric, b.already_day),
        already_month = coalesce((n.already ->> 'month')::numeric, b.already_month),
        already_total = coalesce((n.already ->> 'total')::numeric, b.already_total),
        updated_at = n.recorded_at
    WHEN NOT MATCHED THEN INSERT (
        id, tenant_id, position, job_id, amount, period, by_house, already_on, already_day, already_month, already_total, updated_at)
    VALUES (
        n.stream_id, n.tenant_id, n.position, (n.data ->> 'job_id')::uuid, (n.data ->> 'limit')::numeric, n.data ->> 'period',
        (n.data ->> 'house')::boolean, (n.already ->> 'on')::date, coalesce((n.already ->> 'day')::numeric, 0),
        coalesce((n.already ->> 'month')::numeric, 0), coalesce((n.already ->> 'total')::numeric, 0), n.recorded_at);

    WITH charged AS (
        SELECT s.stream_id, s.tenant_id, s.position, s.recorded_at, s.type, c.*
          FROM log.slice('budget', after, upto) AS s
         CROSS JOIN LATERAL jsonb_to_record(s.data) AS c (call_id uuid, job_id uuid, amount numeric, day date, presumed boolean)
         WHERE s.type <> 'budget.set'
    ), reserved AS (
        SELECT DISTINCT ON (c.stream_id, c.call_id) c.*
          FROM charged AS c
         WHERE c.type = 'budget.reserved'
         ORDER BY c.stream_id, c.call_id, c.position
    ), settled AS (
        SELECT DISTINCT ON (c.stream_id, c.call_id) c.*
          FROM charged AS c
         WHERE c.type = 'budget.settled'
         ORDER BY c.stream_id, c.call_id, c.position DESC
    )
    MERGE INTO budget_charges AS b
    USING (SELECT coalesce(s.stream_id, r.stream_id) AS budget_id, coalesce(s.call_id, r.call_id) AS call_id,
                  coalesce(s.position, r.position) AS position, r.tenant_id, r.job_id, r.day, r.amount AS reserved,
                  r.recorded_at AS reserved_at, s.amount AS cost, coalesce(s.presumed, false) AS presumed,
                  s.recorded_at AS settled_at
             FROM reserved AS r
             FULL JOIN settled AS s ON s.stream_id = r.stream_id AND s.call_id = r.call_id
          ) AS n ON b.budget_id = n.budget_id AND b.call_id = n.call_id
    WHEN MATCHED AND n.position > b.position AND n.settled_at IS NOT NULL THEN UPDATE SET
        position = n.position, cost = n.cost, presumed = n.presumed, settled_at = n.settled_at
    WHEN NOT MATCHED AND n.reserved_at IS NOT NULL THEN INSERT (
        budget_id, call_id, tenant_id, position, job_id, day, reserved, cost, presumed, reserved_at, settled_at)
    VALUES (
        n.budget_id, n.call_id, n.tenant_id, n.position, n.job_id, n.day, n.reserved, n.cost, n.presumed, n.reserved_at,
        n.settled_at);
END
$$;
