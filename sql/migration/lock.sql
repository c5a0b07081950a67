-- Wait, ten minutes at most, for the one lock under which schemas change; it ends with the transaction.
-- No parameters; the number is this product's own. A transaction holds it, not a session, so that it also
-- holds through a transaction pooler, and a crash frees it. The settings are local to the transaction.
SELECT set_config('lock_timeout', '600s', true),
       set_config('statement_timeout', '0', true),
       set_config('idle_in_transaction_session_timeout', '0', true),
       pg_advisory_xact_lock(7221001)
