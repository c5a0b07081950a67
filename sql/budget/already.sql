-- What calls have cost until now, in US dollars: on a day, in its month, and ever; those of unknown cost by their estimate.
-- $1 tenant   $2 job (NULL: all)   $3 day
SELECT coalesce(sum(c.paid) FILTER (WHERE c.day = $3::date), 0) AS day,
       coalesce(sum(c.paid) FILTER (WHERE c.day > $3::date - extract(day FROM $3::date)::integer), 0) AS month,
       coalesce(sum(c.paid), 0) AS total
  FROM (SELECT l.day, coalesce(l.cost, l.estimate, 0) AS paid
          FROM read.llm_calls AS l
         WHERE l.tenant_id = $1::uuid AND ($2::uuid IS NULL OR l.job_id = $2::uuid)) AS c
