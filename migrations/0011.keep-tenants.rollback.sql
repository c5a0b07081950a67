-- Undoes keep-tenants.
SELECT;
