-- What calls of language models took and cost: one row per call.
-- folds: llm.called
-- independent by: stream

CREATE TABLE llm_calls (
    tenant_id      uuid        NOT NULL,
    day            date        NOT NULL,
    position       bigint      NOT NULL,
    called_at      timestamptz NOT NULL,
    provider       text        NOT NULL,
    model_asked    text        NOT NULL,
    model_returned text        NOT NULL,
    prompt_id      text        NOT NULL,
    prompt_hash    text        NOT NULL,
    tokens_in      integer     NOT NULL,
    tokens_out     integer     NOT NULL,
    cost           numeric,
    ms             integer     NOT NULL,
    outcome        text        NOT NULL,
    kind           text        NOT NULL,
    purpose        text        NOT NULL,
    target         uuid        NOT NULL,
    job_id         uuid,
    CONSTRAINT llm_calls_pkey PRIMARY KEY (tenant_id, day, position)
);
COMMENT ON TABLE llm_calls IS 'Calls of language models, those that failed too: what was asked of whom, what came back, what it took and cost.';
COMMENT ON COLUMN llm_calls.day IS 'The day of called_at in UTC.';
COMMENT ON COLUMN llm_calls.called_at IS 'When the call was recorded, which is after its end.';
COMMENT ON COLUMN llm_calls.model_returned IS 'The model that the provider says has answered; empty where none did.';
COMMENT ON COLUMN llm_calls.prompt_hash IS 'SHA-256 of the request as it was sent, in hexadecimal.';
COMMENT ON COLUMN llm_calls.tokens_in IS 'Tokens of the request; 0 where the provider did not say.';
COMMENT ON COLUMN llm_calls.tokens_out IS 'Tokens of the answer; 0 where the provider did not say.';
COMMENT ON COLUMN llm_calls.cost IS 'US dollars, exact; empty where the price of the model is not known.';
COMMENT ON COLUMN llm_calls.ms IS 'Milliseconds from sending the request to the end of the answer.';
COMMENT ON COLUMN llm_calls.outcome IS
    'answered, or why not: invalid, truncated, refused, throttled, timed-out, failed, cancelled.';
COMMENT ON COLUMN llm_calls.purpose IS 'The step it was made in, such as outline or lesson.';
COMMENT ON COLUMN llm_calls.target IS 'The id of what it was made for, such as a course.';

-- A cost is a text in the log and becomes a numeric without ever being a float.
CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO llm_calls (tenant_id, day, position, called_at, provider, model_asked, model_returned, prompt_id,
                           prompt_hash, tokens_in, tokens_out, cost, ms, outcome, kind, purpose, target, job_id)
    SELECT s.tenant_id, (s.recorded_at AT TIME ZONE 'UTC')::date, s.position, s.recorded_at, c.*
      FROM log.slice('ledger', after, upto) AS s
     CROSS JOIN LATERAL jsonb_to_record(s.data) AS c (
               provider text, model_asked text, model_returned text, prompt_id text, prompt_hash text,
               tokens_in integer, tokens_out integer, cost numeric, ms integer, outcome text, kind text, purpose text,
               target uuid, job_id uuid)
    ON CONFLICT DO NOTHING;
END
$$;
