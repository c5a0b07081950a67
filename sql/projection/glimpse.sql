-- What some streams alone make of projections up to a position, as JSON; nothing of it stays.
-- $1 projections   $2 streams   $3 position   $4 the analysts' views' texts   $5 the query   $6 its argument
SELECT ops.glimpse($1::text[], $2::uuid[], $3::bigint, $4::text, $5::text, $6::jsonb)
