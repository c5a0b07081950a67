-- Wait for the one lock under which schemas change; it lasts as long as its session, so a crash frees it.
-- No parameters; the number is this product's own.
SELECT pg_advisory_lock(7221001)
