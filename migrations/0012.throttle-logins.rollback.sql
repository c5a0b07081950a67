-- Forgets which logins have failed; nothing else is lost.
DROP FUNCTION ops.forgive(bytea, bytea, bytea);
DROP FUNCTION ops.attempt(bytea, bytea, bytea, double precision[], double precision[]);
DROP FUNCTION ops.lock_attempts(bytea[]);
DROP FUNCTION ops.count_failure(bytea, double precision[]);
DROP TABLE ops.attempts;
