-- What the ledger knows of each call of a language model that was made. Answers that served again are none.
-- No parameters.
SELECT c.prompt_hash AS request, c.outcome, c.cost::text AS cost, c.estimate::text AS estimate
  FROM read.llm_calls AS c
 WHERE c.outcome <> 'reused'
