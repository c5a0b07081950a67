-- Begin to restore an exported log, or go on: the line up to which its file is stored (NULL: all) and the chain there.
-- $1 the log's id   $2 its head   $3 chain of the file's first line
SELECT line, chain FROM log.begin_restore($1::uuid, $2::bigint, $3::bytea)
