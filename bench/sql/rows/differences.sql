-- Rows of jobs that the loop and the fold made differently, of jobs that both know.
-- No parameters.
SELECT count(*)
  FROM job_rows.generation_jobs AS a
  LEFT JOIN job_fold.generation_jobs AS b USING (id)
 WHERE to_jsonb(a) IS DISTINCT FROM to_jsonb(b)
