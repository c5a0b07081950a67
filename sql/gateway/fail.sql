-- Note that a subscriber failed, and when it is to be tried again; it stays with the process that has it.
-- $1 name   $2 token of this process   $3 why   $4 seconds until it is tried again
UPDATE ops.subscribers AS s
   SET failures = s.failures + 1, error = $3::text, failed_at = clock_timestamp(),
       retry_at = clock_timestamp() + make_interval(secs => $4::float8)
 WHERE s.name = $1::text AND s.token = $2::uuid
