-- One row of a view as a glimpse has it.
-- $1 an object: view, and key with columns and their values
SELECT r FROM ops.find_rows(current_schema(), $1::jsonb ->> 'view', $1 -> 'key', NULL, 1) AS r
