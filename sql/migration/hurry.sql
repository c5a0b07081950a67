-- Give up on a table lock after two seconds, so that a waiting migration never blocks appends behind it.
-- No parameters; local to the transaction.
SELECT set_config('lock_timeout', '2s', true), set_config('statement_timeout', '0', true)
