-- Drops the append functions; nothing can be appended until they are back.
DROP FUNCTION IF EXISTS log.append;
DROP FUNCTION IF EXISTS log.append_one_by_one;
DROP FUNCTION IF EXISTS log.leases_hold;
-- As it was before: 0003 takes this from everybody.
GRANT EXECUTE ON FUNCTION job.follow TO PUBLIC;
