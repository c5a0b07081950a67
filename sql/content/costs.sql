-- What all calls made for a course took and cost, by step, model and outcome.
-- $1 tenant   $2 course
SELECT c.purpose, coalesce(nullif(c.model_returned, ''), c.model_asked) AS model, c.outcome, count(*)::integer AS calls,
       sum(c.tokens_in) AS tokens_in, sum(c.tokens_out) AS tokens_out, coalesce(sum(c.cost), 0) AS cost,
       count(*) FILTER (WHERE c.cost IS NULL)::integer AS unpriced_calls
  FROM read.llm_calls AS c
 WHERE c.tenant_id = $1::uuid AND c.target = $2::uuid
 GROUP BY 1, 2, 3
 ORDER BY 1, 2, 3
