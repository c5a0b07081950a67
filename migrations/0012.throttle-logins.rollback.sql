-- Undoes throttle-logins.
SELECT;
