-- Erase a person: blank read rows, delete private payloads, append the events that say so; see log.erase.
-- $1 account   $2 subjects   $3 budget of locks in milliseconds   $4 key   $5 fingerprint   $6 tenant   $7 reason   $8 metadata
-- per event: $9 streams   $10 versions   $11 categories   $12 types   $13 data
SELECT outcome, position, erased_at, payloads, blanked, failed, actual
  FROM log.erase($1::uuid, $2::uuid[], $3::integer, $4::uuid, $5::bytea, $6::uuid, $7::text, $8::text,
                 $9::uuid[], $10::integer[], $11::text[], $12::text[], $13::text[])
