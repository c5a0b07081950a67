-- Drops the append functions; nothing can be appended until they are back.
DROP FUNCTION IF EXISTS log.append;
DROP FUNCTION IF EXISTS log.append_one_by_one;
DROP FUNCTION IF EXISTS log.leases_hold;
