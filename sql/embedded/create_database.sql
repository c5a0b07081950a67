-- Make the embedded server's one database; a line each, as a server without a listener reads its commands.
-- No parameters.
CREATE DATABASE daybook
