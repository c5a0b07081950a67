-- Seal the closed ranges of the log that are not sealed yet, in order; returns how many it was.
-- $1 most ranges
SELECT log.seal($1::integer)
