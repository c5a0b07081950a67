-- What calls of language models took and cost: one row per call.
-- folds: llm.called
-- independent by: stream

CREATE TABLE llm_calls (
    tenant_id      uuid        NOT NULL,
    call_id        uuid        NOT NULL,
    position       bigint      NOT NULL,
    day            date        NOT NULL,
    called_at      timestamptz NOT NULL,
    provider       text        NOT NULL,
    model_asked    text        NOT NULL,
    model_returned text        NOT NULL,
    response_id    text        NOT NULL,
    prompt_id      text        NOT NULL,
    prompt_hash    text        NOT NULL,
    answer_hash    text        NOT NULL,
    tokens_in      integer     NOT NULL,
    tokens_out     integer     NOT NULL,
    cost           numeric,
    estimate       numeric,
    ms             integer     NOT NULL,
    outcome        text        NOT NULL,
    kind           text        NOT NULL,
    purpose        text        NOT NULL,
    target         uuid        NOT NULL,
    job_id         uuid,
    CONSTRAINT llm_calls_pkey PRIMARY KEY (tenant_id, call_id)
);
COMMENT ON TABLE llm_calls IS 'Calls of language models, those that failed too: what was asked of whom, what came back, what it took and cost.';
COMMENT ON COLUMN llm_calls.call_id IS 'The id of the call; one that was recorded without any has one that follows from its position.';
COMMENT ON COLUMN llm_calls.day IS 'The day of called_at in UTC.';
COMMENT ON COLUMN llm_calls.called_at IS 'When the call was recorded, which is after its end.';
COMMENT ON COLUMN llm_calls.model_returned IS 'The model that the provider says has answered; empty where none did.';
COMMENT ON COLUMN llm_calls.response_id IS 'The id that the provider gave its answer; empty where it gave none.';
COMMENT ON COLUMN llm_calls.prompt_hash IS 'SHA-256 of the request as it was sent, in hexadecimal.';
COMMENT ON COLUMN llm_calls.answer_hash IS 'SHA-256 of the raw answer, in hexadecimal; empty where none came.';
COMMENT ON COLUMN llm_calls.tokens_in IS 'Tokens of the request; 0 where the provider did not say.';
COMMENT ON COLUMN llm_calls.tokens_out IS 'Tokens of the answer; 0 where the provider did not say.';
COMMENT ON COLUMN llm_calls.cost IS 'US dollars, exact; empty where the price of the model is not known, or what the call took.';
COMMENT ON COLUMN llm_calls.estimate IS 'US dollars that the call may have cost at most; empty where its cost is known, or its price is not.';
COMMENT ON COLUMN llm_calls.ms IS 'Milliseconds from sending the request to the end of the answer.';
COMMENT ON COLUMN llm_calls.outcome IS
    'answered, or why not: invalid, truncated, refused, throttled, timed-out, failed, cancelled, or lost with its worker; reused where an answer that was at hand served again, which was no call.';
COMMENT ON COLUMN llm_calls.purpose IS 'The step it was made in, such as outline or lesson.';
COMMENT ON COLUMN llm_calls.target IS 'The id of what it was made for, such as a course.';

-- A cost is a text in the log and becomes a numeric without ever being a float. A call that somebody has taken for lost
-- may be recorded again by its worker, who was only slow: what came of it stands in place of the loss.
CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
BEGIN
    WITH called AS (
        SELECT s.tenant_id, coalesce(c.call_id, md5('llm.called/' || s.position)::uuid) AS call_id, s.position, s.recorded_at,
               c.provider, c.model_asked, c.model_returned, coalesce(c.response_id, '') AS response_id, c.prompt_id,
               c.prompt_hash, coalesce(c.answer_hash, '') AS answer_hash, c.tokens_in, c.tokens_out, c.cost, c.estimate, c.ms,
               c.outcome, c.kind, c.purpose, c.target, c.job_id
          FROM log.slice('ledger', after, upto) AS s
         CROSS JOIN LATERAL jsonb_to_record(s.data) AS c (
                   call_id uuid, provider text, model_asked text, model_returned text, response_id text, prompt_id text,
                   prompt_hash text, answer_hash text, tokens_in integer, tokens_out integer, cost numeric, estimate numeric,
                   ms integer, outcome text, kind text, purpose text, target uuid, job_id uuid)
    ), news AS (
        SELECT DISTINCT ON (c.tenant_id, c.call_id) c.*, (c.recorded_at AT TIME ZONE 'UTC')::date AS day
          FROM called AS c
         ORDER BY c.tenant_id, c.call_id, c.outcome = 'lost', c.position
    )
    MERGE INTO llm_calls AS l
    USING news AS n ON l.tenant_id = n.tenant_id AND l.call_id = n.call_id
    WHEN MATCHED AND l.outcome = 'lost' AND n.outcome <> 'lost' THEN UPDATE SET
        position = n.position, day = n.day, called_at = n.recorded_at, provider = n.provider, model_asked = n.model_asked,
        model_returned = n.model_returned, response_id = n.response_id, prompt_id = n.prompt_id, prompt_hash = n.prompt_hash,
        answer_hash = n.answer_hash, tokens_in = n.tokens_in, tokens_out = n.tokens_out, cost = n.cost, estimate = n.estimate,
        ms = n.ms, outcome = n.outcome, kind = n.kind, purpose = n.purpose, target = n.target, job_id = n.job_id
    WHEN NOT MATCHED THEN INSERT (
        tenant_id, call_id, position, day, called_at, provider, model_asked, model_returned, response_id, prompt_id,
        prompt_hash, answer_hash, tokens_in, tokens_out, cost, estimate, ms, outcome, kind, purpose, target, job_id)
    VALUES (
        n.tenant_id, n.call_id, n.position, n.day, n.recorded_at, n.provider, n.model_asked, n.model_returned, n.response_id,
        n.prompt_id, n.prompt_hash, n.answer_hash, n.tokens_in, n.tokens_out, n.cost, n.estimate, n.ms, n.outcome, n.kind,
        n.purpose, n.target, n.job_id);
END
$$;
