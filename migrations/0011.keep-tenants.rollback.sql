-- Takes back tenants, with who is suspended and every limit; what was done to them stays in the log.
CREATE OR REPLACE FUNCTION log.end_restore(after bigint, chain bytea) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    base bigint := log.step_restore(after, 1, chain);
BEGIN
    IF base <> (SELECT r.head FROM log.restoration AS r) THEN
        RAISE EXCEPTION 'The file ends at position %, before the head that it names', base
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    PERFORM job.follow(e.position - 1, e.position)
       FROM log.events AS e
       JOIN (SELECT j.stream_id, max(j.version) FILTER (WHERE j.type IN ('job.completed', 'job.failed', 'job.cancelled')) AS ended
               FROM log.events AS j WHERE j.category = 'job' GROUP BY j.stream_id) AS s ON s.stream_id = e.stream_id
      WHERE e.category = 'job' AND e.version > coalesce(s.ended, 0)
      ORDER BY e.position;
    ALTER TABLE log.receipts DISABLE TRIGGER receipts_restoring;
    DELETE FROM log.restoration;
END
$$;
CREATE OR REPLACE FUNCTION ops.analyst_tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.tenant_id FROM ops.analysts AS a WHERE a.role = session_user
$$;
DROP FUNCTION ops.recall_tenants();
DROP FUNCTION ops.change_tenant(uuid, text, jsonb, jsonb);
DROP FUNCTION ops.follow_tenants(bigint, bigint);
DROP TABLE ops.tenants;
DROP FUNCTION ops.house();
