-- What analysts read of costs, beside the plain view of llm_calls.

CREATE VIEW v_generation_costs WITH (security_invoker = true) AS
SELECT c.tenant_id, c.day, c.provider, coalesce(nullif(c.model_returned, ''), c.model_asked) AS model, c.kind,
       count(*) FILTER (WHERE c.outcome <> 'reused') AS calls,
       count(*) FILTER (WHERE c.outcome NOT IN ('answered', 'reused')) AS failed_calls,
       count(*) FILTER (WHERE c.outcome = 'reused') AS reused_calls,
       count(*) FILTER (WHERE c.cost IS NULL) AS unpriced_calls,
       sum(c.tokens_in) AS tokens_in, sum(c.tokens_out) AS tokens_out, coalesce(sum(c.cost), 0) AS cost,
       coalesce(sum(c.estimate) FILTER (WHERE c.cost IS NULL), 0) AS estimated_cost,
       round(avg(c.ms) FILTER (WHERE c.outcome <> 'reused'))::integer AS avg_ms,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY c.ms) FILTER (WHERE c.outcome <> 'reused') AS p50_ms,
       max(c.position) AS position
  FROM llm_calls AS c
 GROUP BY c.tenant_id, c.day, c.provider, coalesce(nullif(c.model_returned, ''), c.model_asked), c.kind;
COMMENT ON VIEW v_generation_costs IS
    'What calls of language models took and cost, by day, provider, model and kind of what was made; failed and repeated calls are in it. Key: tenant_id, day, provider, model, kind.';
COMMENT ON COLUMN v_generation_costs.day IS 'The day in UTC.';
COMMENT ON COLUMN v_generation_costs.model IS 'The model that answered; where none did, the model that was asked.';
COMMENT ON COLUMN v_generation_costs.kind IS 'What was made: the kind of the job, such as course.';
COMMENT ON COLUMN v_generation_costs.calls IS 'Calls that were made; answers that served again are not among them.';
COMMENT ON COLUMN v_generation_costs.failed_calls IS 'Calls that brought no answer that was used.';
COMMENT ON COLUMN v_generation_costs.reused_calls IS 'How often an answer that was at hand served again, for nothing.';
COMMENT ON COLUMN v_generation_costs.unpriced_calls IS 'Calls of which the cost is not known: the model has no price, or nobody knows what the call took; cost does not count them.';
COMMENT ON COLUMN v_generation_costs.cost IS 'US dollars, exact; unpriced calls add nothing.';
COMMENT ON COLUMN v_generation_costs.estimated_cost IS 'US dollars that the unpriced calls may have cost at most, as far as their models have prices.';
COMMENT ON COLUMN v_generation_costs.avg_ms IS 'Milliseconds from sending a request to the end of its answer, on average.';
COMMENT ON COLUMN v_generation_costs.p50_ms IS 'Milliseconds from sending a request to the end of its answer, median.';
