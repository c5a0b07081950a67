-- Drops the queue. It can be made again from the log's job events; unfinished jobs wait until it is.
DROP SCHEMA IF EXISTS job CASCADE;
