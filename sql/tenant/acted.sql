-- The fingerprint of the request that changed a tenant under an idempotency key, if one has.
-- $1 tenant   $2 key
SELECT e.metadata ->> 'fingerprint' AS fingerprint
  FROM log.events AS e
 WHERE e.stream_id = md5('tenant/' || $1::uuid || '/' || $1::uuid)::uuid
   AND e.metadata ->> 'idempotency_key' = $2::text
 LIMIT 1
