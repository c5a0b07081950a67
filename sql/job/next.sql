-- In how many seconds the next job becomes free that is not free yet: its time comes, or its lease runs out. NULL: none.
-- $1 kinds this worker can do
SELECT extract(epoch FROM min(q.available_at) - clock_timestamp())::float8 AS seconds
  FROM job.queue AS q
 WHERE q.available_at > clock_timestamp() AND q.kind = ANY ($1::text[])
