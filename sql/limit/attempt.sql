-- Count an attempt as a failure and return 0, or return the seconds to wait and count nothing.
-- $1 identifier   $2 identifier with address   $3 address, all as keyed hashes; NULL where that is not limited
-- $4 burst, pause and longest pause in seconds of an identifier   $5 the same of an address
SELECT ops.attempt($1::bytea, $2::bytea, $3::bytea, $4::float8[], $5::float8[])
