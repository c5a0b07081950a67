-- Take a subscriber, or keep it: no row where another process has it. The lease need not be durable: after a crash of the
-- server it is simply older. Before PostgreSQL 17 nothing can be taken from an infinite time.
-- $1 name   $2 token of this process   $3 name of this process   $4 seconds the lease lasts
INSERT INTO ops.subscribers AS s (name, log_id, token, worker, held_until)
SELECT $1::text, h.id, $2::uuid, $3::text, clock_timestamp() + make_interval(secs => $4::float8)
  FROM log.head AS h
 WHERE set_config('synchronous_commit', 'off', true) IS NOT NULL
    ON CONFLICT (name) DO UPDATE
   SET token = excluded.token, worker = excluded.worker, held_until = excluded.held_until
 WHERE s.token = excluded.token OR s.held_until <= clock_timestamp()
RETURNING s.position, (SELECT t.position FROM ops.tail AS t) AS upto, s.failures,
          CASE WHEN s.retry_at > clock_timestamp()
               THEN greatest(extract(epoch FROM s.retry_at - clock_timestamp()), 0)::float8 ELSE 0 END AS wait,
          EXISTS (SELECT FROM log.head AS h WHERE h.position < s.position OR h.id <> s.log_id) AS astray
