-- Keeps tenants: which there are, and which are suspended.
-- For the operator: instant.
-- depends: 0010.swap-generations
SELECT;
