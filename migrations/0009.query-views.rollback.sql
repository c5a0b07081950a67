-- Drops the functions by which views are queried; views and rows stay.
DROP FUNCTION read.wait_for(bigint, interval);
DROP FUNCTION ops.changes(text, jsonb, bigint, text[], bigint, integer);
DROP FUNCTION ops.view_position(text);
DROP FUNCTION ops.query(text, uuid, jsonb, text[], text[], text[], integer, integer, text);
DROP FUNCTION ops.view_beyond(text[], text[], text[], boolean[], text[], text[]);
DROP FUNCTION ops.view_csv(text[], text[], text[]);
DROP FUNCTION ops.view_list(text[], text[], text[]);
DROP FUNCTION ops.view_filter(text[], text[], uuid, jsonb);
DROP FUNCTION ops.view_condition(text[], text[], text, text);
DROP FUNCTION ops.view_column(text[], text[], text, text);
DROP FUNCTION ops.view_shape(text);
DROP FUNCTION ops.view_key(oid);
