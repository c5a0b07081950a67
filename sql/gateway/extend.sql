-- Keep a subscriber whose handler takes its time; tells whether it is still held. Need not be durable.
-- $1 name   $2 token of this process   $3 seconds from now
UPDATE ops.subscribers AS s
   SET held_until = clock_timestamp() + make_interval(secs => $3::float8)
 WHERE s.name = $1::text AND s.token = $2::uuid AND set_config('synchronous_commit', 'off', true) IS NOT NULL
RETURNING true
