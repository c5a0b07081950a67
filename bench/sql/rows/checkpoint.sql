-- Note how far the loop has come, in the transaction of the rows it has written.
-- $1 schema   $2 position
UPDATE ops.generations AS g SET position = $2::bigint WHERE g.schema = $1::text
