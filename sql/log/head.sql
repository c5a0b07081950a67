-- The log's last position, when it was taken, and which log this is. No parameters.
SELECT position, recorded_at, id FROM log.head
