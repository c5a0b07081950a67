-- Look for a person in a table, or in some pages of it; see ops.find_traces.
-- $1 schema   $2 table   $3 page, $4 page before which to end, or NULL for all   $5 account   $6 subjects   $7 tenant
-- $8 LIKE patterns   $9 those of what is his only in a row that names him   $10 regular expressions: his alone, $11 others' too
SELECT rows, traces, others, elsewhere
  FROM ops.find_traces($1::text, $2::text, $3::bigint, $4::bigint, $5::uuid, $6::uuid[], $7::uuid,
                       $8::text[], $9::text[], $10::text, $11::text)
