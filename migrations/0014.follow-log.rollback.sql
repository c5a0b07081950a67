-- Forgets how far subscribers have come; where the migration is made again, they begin at the log's start.
DROP TABLE ops.subscribers;
