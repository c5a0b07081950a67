-- Seals the log, so that whatever is changed in it afterwards can be named, and lets a log be restored from an export.
-- For the operator: rewrites log.private, a second for a hundred thousand payloads, while appends wait; the rest is instant.
-- depends: 0007.compare-generations

-- A payload's hash outlives it; the salt, which does not, keeps anybody from finding the payload by trying.
ALTER TABLE log.private
    ADD salt bytea NOT NULL DEFAULT uuid_send(gen_random_uuid()),
    ADD CONSTRAINT private_salt_check CHECK (octet_length(salt) = 16);

-- The hash of each private payload that was erased, so that the seal over its event still holds.
CREATE TABLE log.erased (
    position bigint NOT NULL,
    hash     bytea  NOT NULL,
    CONSTRAINT erased_pkey PRIMARY KEY (position)
);

-- One row per closed range of a thousand positions (after, upto]. hash chains the events' hashes to the seal before,
-- the first to the log's id. digests holds 8 bytes per event, 4 of its own hash and 4 of its private payload's: not
-- to prove anything, but to name the event that differs.
CREATE TABLE log.seals (
    upto      bigint      NOT NULL,
    after     bigint      NOT NULL,
    hash      bytea       NOT NULL,
    digests   bytea       NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT seals_pkey PRIMARY KEY (upto),
    CONSTRAINT seals_range_check CHECK (upto = after + 1000 AND upto % 1000 = 0)
);

CREATE TRIGGER erased_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON log.erased
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();
CREATE TRIGGER seals_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON log.seals
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

-- sha256 over the salt, the person's id and the payload's text.
CREATE FUNCTION log.private_hash(subject_id uuid, data jsonb, salt bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256(salt || uuid_send(subject_id) || convert_to(data::text, 'UTF8'));

CREATE FUNCTION log.keep_hash() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog
AS $$
BEGIN
    INSERT INTO log.erased (position, hash)
    VALUES (OLD.position, log.private_hash(OLD.subject_id, OLD.data, OLD.salt));
    RETURN OLD;
END
$$;
CREATE TRIGGER private_erased
    BEFORE DELETE ON log.private
    FOR EACH ROW EXECUTE FUNCTION log.keep_hash();

-- The two hashes of each event of positions (after, upto]: sha256 over its ten fields, a line each, and that of its
-- private payload, also when it was erased; empty where it never had one. An event's hash is sha256 over the two.
-- Times are microseconds since 1970. The two free texts go with their lengths, so that no two events have one text;
-- jsonb writes no line break.
CREATE FUNCTION log.hashes(after bigint, upto bigint)
RETURNS TABLE ("position" bigint, event bytea, private bytea)
LANGUAGE sql STABLE
AS $$
    SELECT e.position,
           sha256(convert_to(concat_ws(E'\n', e.position, trunc(extract(epoch FROM e.recorded_at) * 1000000),
                                       e.stream_id, e.version, e.tenant_id, length(e.category), e.category,
                                       length(e.type), e.type, e.data, e.metadata), 'UTF8')),
           coalesce(log.private_hash(p.subject_id, p.data, p.salt), x.hash, '')
      FROM log.events AS e
      LEFT JOIN log.private AS p ON p.position = e.position
      LEFT JOIN log.erased AS x ON x.position = e.position
     WHERE e.position > hashes.after AND e.position <= hashes.upto
$$;

-- What the seal of (after, upto] is to be, and how many events it covers.
CREATE FUNCTION log.sealing(after bigint, upto bigint, OUT hash bytea, OUT digests bytea, OUT events bigint)
LANGUAGE sql STABLE
AS $$
    SELECT sha256(coalesce((SELECT s.hash FROM log.seals AS s WHERE s.upto = sealing.after),
                           (SELECT uuid_send(h.id) FROM log.head AS h WHERE sealing.after = 0))
                  || string_agg(sha256(h.event || h.private), ''::bytea ORDER BY h.position)),
           string_agg(substring(h.event FOR 4) || substring(h.private || '\x00000000'::bytea FOR 4), ''::bytea ORDER BY h.position),
           count(*)
      FROM log.hashes(after, upto) AS h
$$;

-- Seal the closed ranges that are not sealed yet, in order, up to max_ranges of them; returns how many. Where somebody
-- else is sealing, that is 0. A range with a hole is not sealed: a hole is damage, which log.verify names.
CREATE FUNCTION log.seal(max_ranges integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog
-- As in log.append: whatever the plans were cached on, each range is an index descent.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    head  bigint;
    lower bigint;
    made  integer := 0;
BEGIN
    BEGIN
        LOCK TABLE log.seals IN SHARE ROW EXCLUSIVE MODE NOWAIT;
    EXCEPTION
        WHEN lock_not_available THEN RETURN 0;
    END;
    SELECT h.position INTO head FROM log.head AS h;
    SELECT coalesce(max(s.upto), 0) INTO lower FROM log.seals AS s;
    WHILE made < max_ranges AND lower + 1000 <= head LOOP
        INSERT INTO log.seals (upto, after, hash, digests)
        SELECT lower + 1000, lower, s.hash, s.digests FROM log.sealing(lower, lower + 1000) AS s WHERE s.events = 1000;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'The log has a hole between positions % and %', lower, lower + 1000
                USING ERRCODE = 'data_corrupted', HINT = 'run.py log verify names it.';
        END IF;
        lower := lower + 1000;
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

-- Compare (after, upto] with its seals, where it is sealed, and look at each event's place: positions without a hole,
-- versions without a hole, times that never go back. after is a multiple of a thousand. Returns the first event that
-- is not as it was, with what is wrong: missing | altered | private | version | time | extra; or a seal, named by the
-- last position it covers: seal-missing | chain (it is not what follows from the seal before and these events).
CREATE FUNCTION log.verify(after bigint, upto bigint, OUT sealed integer, OUT "position" bigint, OUT fault text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    lower bigint;
    upper bigint;
    last  bigint;
    seal  log.seals;
    made  record;
BEGIN
    sealed := 0;
    SELECT coalesce(max(s.upto), 0) INTO last FROM log.seals AS s;
    FOR lower IN SELECT generate_series(after, upto - 1, 1000) LOOP
        upper := least(lower + 1000, upto);
        SELECT s.* INTO seal FROM log.seals AS s WHERE s.upto = lower + 1000;
        SELECT s.* INTO made FROM log.sealing(lower, upper) AS s;
        SELECT f.position, f.fault INTO position, fault
          FROM log.first_fault(lower, upper, made.digests, CASE WHEN seal.hash <> made.hash THEN seal.digests END) AS f;
        IF position IS NOT NULL THEN
            RETURN;
        ELSIF seal.upto IS NULL AND lower < last THEN
            SELECT lower + 1000, 'seal-missing' INTO position, fault;
            RETURN;
        ELSIF seal.upto IS NOT NULL AND (seal.hash IS DISTINCT FROM made.hash OR seal.digests <> made.digests) THEN
            SELECT upper, 'chain' INTO position, fault;
            RETURN;
        END IF;
        sealed := sealed + (seal.upto IS NOT NULL)::integer;
    END LOOP;
END
$$;

-- The first event of (after, upto] that is not in its place, or whose digest differs from the sealed one.
CREATE FUNCTION log.first_fault(after bigint, upto bigint, digests bytea, sealed bytea, OUT "position" bigint, OUT fault text)
LANGUAGE sql STABLE
AS $$
    SELECT n.position, n.fault
      FROM (SELECT n AS position,
                   CASE
                       WHEN e.position IS NULL THEN 'missing'
                       WHEN d.own <> d.sealed_own THEN 'altered'
                       WHEN d.private <> d.sealed_private THEN 'private'
                       WHEN e.version > 1
                            AND coalesce((SELECT p.position FROM log.events AS p
                                           WHERE p.stream_id = e.stream_id AND p.version = e.version - 1), n) >= n THEN 'version'
                       WHEN e.recorded_at < (SELECT p.recorded_at FROM log.events AS p WHERE p.position = n - 1) THEN 'time'
                   END AS fault
              FROM generate_series(first_fault.after + 1, first_fault.upto) AS n
              LEFT JOIN log.events AS e ON e.position = n
             CROSS JOIN LATERAL (SELECT (8 * (n - first_fault.after - 1))::integer AS at) AS o
             CROSS JOIN LATERAL (SELECT substring(digests FROM o.at + 1 FOR 4) AS own,
                                        substring(digests FROM o.at + 5 FOR 4) AS private,
                                        substring(sealed FROM o.at + 1 FOR 4) AS sealed_own,
                                        substring(sealed FROM o.at + 5 FOR 4) AS sealed_private) AS d
             ORDER BY n) AS n
     WHERE n.fault IS NOT NULL
     LIMIT 1
$$;

-- One row while an exported log is being restored: which, up to which position, the last line of its file that is
-- stored, and the chain of all lines up to it, by which the next try knows its file.
CREATE TABLE log.restoration (
    singleton boolean NOT NULL DEFAULT true,
    log_id    uuid    NOT NULL,
    head      bigint  NOT NULL,
    line      bigint  NOT NULL,
    chain     bytea   NOT NULL,
    CONSTRAINT restoration_pkey PRIMARY KEY (singleton),
    CONSTRAINT restoration_singleton_check CHECK (singleton)
);

-- Enabled only while a log is being restored, so that appends pay nothing for it at any other time.
CREATE FUNCTION log.refuse_append() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('daybook.restoring', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'The log is being imported; nothing is appended until run.py log import has ended'
            USING ERRCODE = 'read_only_sql_transaction';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER receipts_restoring
    BEFORE INSERT ON log.receipts
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_append();
ALTER TABLE log.receipts DISABLE TRIGGER receipts_restoring;

-- Begin to restore a log of this id, which ends at head, or go on with it: returns the line up to which its file is
-- stored and the chain up to there; NULL where all of it is. The log, and what follows it, take its id.
CREATE FUNCTION log.begin_restore(id uuid, head bigint, INOUT chain bytea, OUT line bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    own   log.head;
    going log.restoration;
BEGIN
    PERFORM FROM ops.tail FOR UPDATE;
    SELECT h.* INTO own FROM log.head AS h FOR UPDATE;
    SELECT r.* INTO going FROM log.restoration AS r;
    IF going.log_id = begin_restore.id AND going.head = begin_restore.head THEN
        chain := going.chain;
        line := going.line;
    ELSIF going.log_id IS NULL AND own.position = begin_restore.head AND own.id = begin_restore.id THEN
        chain := NULL;
    ELSIF going.log_id IS NOT NULL OR own.position > 0 THEN
        RAISE EXCEPTION 'This log holds % events%; a file is imported into a new database only',
            own.position, CASE WHEN going.log_id IS NOT NULL THEN ' of another file, whose import has not ended' ELSE '' END
            USING ERRCODE = 'object_not_in_prerequisite_state';
    ELSE
        line := 1;
        UPDATE ops.tail SET log_id = begin_restore.id;
        UPDATE log.head SET id = begin_restore.id;
        INSERT INTO log.restoration (log_id, head, line, chain)
        VALUES (begin_restore.id, begin_restore.head, line, begin_restore.chain);
        ALTER TABLE log.receipts ENABLE TRIGGER receipts_restoring;
    END IF;
END
$$;

-- Take note of a step of the restoration, which must go on from line after. Holds the head's lock and returns its position.
CREATE FUNCTION log.step_restore(after bigint, lines bigint, chain bytea) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    base bigint;
BEGIN
    SELECT h.position INTO base FROM log.head AS h FOR UPDATE;
    UPDATE log.restoration AS r SET line = r.line + lines, chain = step_restore.chain WHERE r.line = after;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Somebody else imports into this log' USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    PERFORM set_config('daybook.restoring', 'on', true);
    RETURN base;
END
$$;

-- Store the events of the next lines of an exported file, each a JSON object as log export writes it.
CREATE FUNCTION log.restore_events(after bigint, lines text[], chain bytea) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    base  bigint := log.step_restore(after, cardinality(lines), chain);
    upto  bigint := base + cardinality(lines);
    wrong record;
BEGIN
    WITH e AS MATERIALIZED (
        SELECT e.*
          FROM unnest(lines) AS l (line)
         CROSS JOIN LATERAL json_to_record(l.line::json)
            AS e (position bigint, recorded_at timestamptz, stream_id uuid, version integer, tenant_id uuid,
                  category text, type text, data jsonb, metadata jsonb, private jsonb)
    ), events AS (
        INSERT INTO log.events (position, recorded_at, stream_id, tenant_id, version, category, type, data, metadata)
        SELECT e.position, e.recorded_at, e.stream_id, e.tenant_id, e.version, e.category, e.type, e.data, e.metadata FROM e
    ), payloads AS (
        INSERT INTO log.private (position, subject_id, data, salt)
        SELECT e.position, (e.private ->> 'subject_id')::uuid, e.private -> 'data', decode(e.private ->> 'salt', 'hex')
          FROM e WHERE e.private ? 'data'
    )
    INSERT INTO log.erased (position, hash)
    SELECT e.position, decode(e.private ->> 'erased', 'hex') FROM e WHERE e.private ? 'erased';

    SELECT f.* INTO wrong FROM log.first_fault(base, upto, NULL, NULL) AS f;
    IF wrong.fault IS NOT NULL THEN
        RAISE EXCEPTION 'The event at position % of the file is not in its place (%)', wrong.position, wrong.fault
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    UPDATE log.head AS h SET position = upto, recorded_at = (SELECT e.recorded_at FROM log.events AS e WHERE e.position = upto);
    PERFORM pg_notify('daybook_log', upto::text);
END
$$;

-- Store the receipts of the next lines of an exported file.
CREATE FUNCTION log.restore_receipts(after bigint, lines text[], chain bytea) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM log.step_restore(after, cardinality(lines), chain);
    INSERT INTO log.receipts (key, position, events, fingerprint)
    SELECT r.key, r.position, r.events, decode(r.fingerprint, 'hex')
      FROM unnest(lines) AS l (line)
     CROSS JOIN LATERAL json_to_record(l.line::json) AS r (key uuid, position bigint, events integer, fingerprint text);
END
$$;

-- End a restoration whose lines are all stored: the jobs that are not over are queued, and the log can be appended to.
-- Each of these jobs is followed from behind its last end, since what was before has left no row.
CREATE FUNCTION log.end_restore(after bigint, chain bytea) RETURNS void
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

REVOKE ALL ON FUNCTION log.begin_restore, log.step_restore, log.restore_events, log.restore_receipts, log.end_restore FROM PUBLIC;
REVOKE ALL ON FUNCTION log.seal FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.seal TO daybook_service;
GRANT SELECT ON log.erased, log.seals TO daybook_service;
