-- Append a batch of commits; see log.append for what comes back.
-- per commit: $1 keys   $2 fingerprints   $3 index of the first event   $4 number of events   $5 jobs, $6 tokens of leases
-- per event:  $7 streams   $8 versions   $9 tenants   $10 categories   $11 types   $12 data   $13 metadata   $14 subjects   $15 private payloads
SELECT base, outcomes, positions, actual
  FROM log.append($1::uuid[], $2::bytea[], $3::integer[], $4::integer[], $5::uuid[], $6::uuid[],
                  $7::uuid[], $8::integer[], $9::uuid[], $10::text[], $11::text[],
                  $12::text[], $13::text[], $14::uuid[], $15::text[])
