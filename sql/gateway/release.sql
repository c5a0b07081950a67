-- Give a subscriber back, so that another process takes it up at once.
-- $1 name   $2 token of this process
UPDATE ops.subscribers AS s
   SET token = NULL, worker = NULL, held_until = '-infinity'
 WHERE s.name = $1::text AND s.token = $2::uuid
