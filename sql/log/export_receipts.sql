-- Receipts as lines of an export, by key.
-- $1 key, or NULL to begin with the first   $2 last position   $3 most lines
SELECT l.key, row_to_json(l)::text AS line
  FROM (SELECT r.key, r.position, r.events, encode(r.fingerprint, 'hex') AS fingerprint
          FROM log.receipts AS r
         WHERE r.key >= coalesce($1::uuid, '00000000-0000-0000-0000-000000000000') AND r.key IS DISTINCT FROM $1::uuid
           AND r.position <= $2::bigint
         ORDER BY r.key
         LIMIT $3::integer) AS l
 ORDER BY l.key
