-- Takes back what erases people and looks for them; what was erased stays so.
REVOKE SELECT ON log.restoration, public._yoyo_log, public._yoyo_migration, public._yoyo_version, public.yoyo_lock,
    public.migration_checksums FROM daybook_service;
DROP FUNCTION ops.find_traces(text, text, bigint, bigint, uuid, uuid[], uuid, text[], text[], text, text);
DROP FUNCTION ops.weigh(text, jsonb, boolean, uuid, uuid[], uuid, text, text);
DROP FUNCTION ops.readings(text, text);
DROP FUNCTION ops.sample_anew(text[]);
DROP FUNCTION ops.holdings();
DROP FUNCTION log.erase(uuid, uuid[], integer, uuid, bytea, uuid, text, text, uuid[], integer[], text[], text[], text[]);
DROP FUNCTION ops.forget(uuid[], integer);
DROP FUNCTION ops.touched();
DROP FUNCTION log.delete_private(uuid[]);
DROP TRIGGER private_unless_erased ON log.private;
DROP FUNCTION log.drop_erased();
ALTER TABLE log.private ALTER data SET STATISTICS -1;
