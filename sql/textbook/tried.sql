-- The chapters of a textbook that a job could not make, or made so that they were rejected, since it was last asked for.
-- $1 textbook   $2 job
SELECT DISTINCT (e.data ->> 'number')::integer AS number
  FROM log.events AS e
 WHERE e.stream_id = $1::uuid AND e.type IN ('chapter.failed', 'chapter.rejected')
   AND e.metadata ->> 'correlation_id' = $2::uuid::text
   AND e.position > coalesce((SELECT max(r.position) FROM log.events AS r
                               WHERE r.stream_id = $2::uuid AND r.type = 'job.requeued'), 0)
