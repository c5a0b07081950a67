-- End the restoration of an exported log: jobs that are not over are queued, and appends are taken.
-- $1 last line that is stored   $2 chain up to the file's last line
SELECT log.end_restore($1::bigint, $2::bytea)
