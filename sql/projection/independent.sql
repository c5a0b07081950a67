-- Whether the rows of a generation depend on one stream each, as its text says.
-- $1 schema
SELECT g.script ~ '(?n)^-- independent by: stream$' FROM ops.generations AS g WHERE g.schema = $1::text
