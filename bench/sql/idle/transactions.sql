-- How many transactions a database has seen; outside a block each statement is one.
-- $1 name of the database
SELECT d.xact_commit + d.xact_rollback AS transactions FROM pg_stat_database AS d WHERE d.datname = $1::text
