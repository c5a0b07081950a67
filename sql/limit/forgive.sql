-- Give back what an attempt that succeeded had counted, and make the address familiar to the identifier.
-- $1 identifier   $2 identifier with address   $3 address, all as keyed hashes
SELECT ops.forgive($1::bytea, $2::bytea, $3::bytea)
