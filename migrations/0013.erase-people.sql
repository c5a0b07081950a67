-- Erases a person: their private payloads, and what the read tables hold of them.
-- For the operator: instant.
-- depends: 0012.throttle-logins
SELECT;
