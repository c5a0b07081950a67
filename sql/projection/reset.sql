-- Forget every generation, so that all are built from position 0 of this log.
-- $1 tenant who acts   $2 reason   $3 metadata of the event that records it
SELECT ops.reset($1::uuid, $2::text, $3::jsonb)
