-- Move a checkpoint, and keep the lease: no row where another process has it by now, or an operator has moved it. If a
-- crash of the server loses it, the same events are handled once more.
-- $1 name   $2 token of this process   $3 seconds the lease lasts   $4 from   $5 to
UPDATE ops.subscribers AS s
   SET position = $5::bigint, held_until = clock_timestamp() + make_interval(secs => $3::float8),
       failures = 0, error = NULL, failed_at = NULL, retry_at = '-infinity'
 WHERE s.name = $1::text AND s.token = $2::uuid AND s.position = $4::bigint
   AND set_config('synchronous_commit', 'off', true) IS NOT NULL
RETURNING s.position, (SELECT t.position FROM ops.tail AS t) AS upto, 0 AS failures, 0::float8 AS wait, false AS astray
