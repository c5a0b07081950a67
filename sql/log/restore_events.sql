-- Store the events of the next lines of an exported file.
-- $1 last line that is stored   $2 the lines   $3 chain up to the last of them
SELECT log.restore_events($1::bigint, $2::text[], $3::bytea)
