-- Takes back the seals, the salts and the hashes of what was erased. Made again, seals cover the log as it then is.
DROP FUNCTION log.end_restore(bigint, bytea);
DROP FUNCTION log.restore_receipts(bigint, text[], bytea);
DROP FUNCTION log.restore_events(bigint, text[], bytea);
DROP FUNCTION log.step_restore(bigint, bigint, bytea);
DROP FUNCTION log.begin_restore(uuid, bigint, bytea);
DROP TRIGGER receipts_restoring ON log.receipts;
DROP FUNCTION log.refuse_append();
DROP TABLE log.restoration;
DROP FUNCTION log.verify(bigint, bigint);
DROP FUNCTION log.first_fault(bigint, bigint, bytea, bytea);
DROP FUNCTION log.seal(integer);
DROP FUNCTION log.sealing(bigint, bigint);
DROP FUNCTION log.hashes(bigint, bigint);
DROP TRIGGER private_erased ON log.private;
DROP FUNCTION log.keep_hash();
DROP FUNCTION log.private_hash(uuid, jsonb, bytea);
DROP TABLE log.seals, log.erased;
ALTER TABLE log.private DROP CONSTRAINT private_salt_check, DROP COLUMN salt;
