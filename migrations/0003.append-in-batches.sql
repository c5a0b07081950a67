-- Creates log.append, the only way into the log: one call appends a batch of commits.
-- For the operator: instant; replaces functions only, running appends finish on the old text.
-- depends: 0002.create-queue

-- Append a batch of commits. A commit is all or nothing; the others of its batch go through without it.
--
-- The head row is locked first, so batches stand in a line: positions are dense and in commit order.
-- The batch is then written as if every commit were fresh. Three things can show that one is not: its key is
-- taken (receipts_pkey), a version is taken (events_stream_id_version_key), or a version has no predecessor.
-- Then all is undone to the savepoint and log.append_one_by_one decides commit by commit.
--
-- Per commit: keys, fingerprints, firsts (index of its first event, from 1), sizes (its number of events),
--             leases and tokens (the job and the lease under which a worker writes; NULL arrays where none does).
-- Per event:  streams, versions, tenants, categories, types, data, metadata (the latter two are JSON texts),
--             subjects and secrets (private payloads; NULL arrays where there are none).
-- Result:     base, the head before; and, where not every commit was appended, per commit an outcome
--             (appended | duplicate | reused | conflict | fenced), its first position, and for a conflict the
--             stream's actual version.
CREATE OR REPLACE FUNCTION log.append(
    keys uuid[], fingerprints bytea[], firsts integer[], sizes integer[], leases uuid[], tokens uuid[],
    streams uuid[], versions integer[], tenants uuid[], categories text[], types text[],
    data text[], metadata text[], subjects uuid[], secrets text[],
    OUT base bigint, OUT outcomes text[], OUT positions bigint[], OUT actual integer[]
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog
-- Plans are cached for the session's life, often made while the tables are still empty: a scan or a hash of a
-- whole table would then stay for good. Every probe below is an index descent, and these keep it one.
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    at    timestamptz;
    upto  bigint;
BEGIN
    SELECT h.position, greatest(h.recorded_at, clock_timestamp()) INTO base, at FROM log.head AS h FOR UPDATE;
    upto := base + cardinality(streams);
    BEGIN
        INSERT INTO log.receipts (key, position, events, fingerprint)
        SELECT c.key, base + c.first, c.size, c.fingerprint
          FROM unnest(keys, firsts, sizes, fingerprints) AS c (key, first, size, fingerprint);

        INSERT INTO log.events (position, recorded_at, stream_id, tenant_id, version, category, type, data, metadata)
        SELECT base + e.n, at, e.stream, e.tenant, e.version, e.category, e.type, e.data::jsonb, e.metadata::jsonb
          FROM unnest(streams, tenants, versions, categories, types, data, metadata) WITH ORDINALITY
            AS e (stream, tenant, version, category, type, data, metadata, n);

        IF EXISTS (
            SELECT
              FROM unnest(streams, versions) WITH ORDINALITY AS e (stream, version, n)
             WHERE e.version > 1
               AND coalesce((SELECT p.position FROM log.events AS p
                              WHERE p.stream_id = e.stream AND p.version = e.version - 1), base + e.n) >= base + e.n
        ) OR (leases IS NOT NULL AND NOT log.leases_hold(leases, tokens)) THEN
            RAISE EXCEPTION USING ERRCODE = 'serialization_failure';
        END IF;

        IF subjects IS NOT NULL THEN
            INSERT INTO log.private (position, subject_id, data)
            SELECT base + e.n, e.subject, e.secret::jsonb
              FROM unnest(subjects, secrets) WITH ORDINALITY AS e (subject, secret, n)
             WHERE e.subject IS NOT NULL;
        END IF;
    EXCEPTION
        WHEN unique_violation OR serialization_failure THEN
            SELECT s.upto, s.outcomes, s.positions, s.actual
              INTO upto, outcomes, positions, actual
              FROM log.append_one_by_one(base, at, keys, fingerprints, firsts, sizes, leases, tokens, streams, versions,
                                         tenants, categories, types, data, metadata, subjects, secrets) AS s;
    END;

    IF upto > base THEN
        UPDATE log.head SET position = upto, recorded_at = at;
        IF 'job' = ANY (categories) THEN
            PERFORM job.follow(base, upto);
        END IF;
        PERFORM pg_notify('daybook_log', upto::text);
    END IF;
END
$$;

-- Tell whether every lease of the batch is still held. The rows are share-locked until the append commits, so
-- that nobody can claim the job in between.
CREATE OR REPLACE FUNCTION log.leases_hold(leases uuid[], tokens uuid[]) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    asked integer;
    held  integer;
BEGIN
    SELECT count(*) INTO asked FROM unnest(leases) AS l (job_id) WHERE l.job_id IS NOT NULL;
    SELECT count(*) INTO held
      FROM unnest(leases, tokens) AS l (job_id, token)
     CROSS JOIN LATERAL (SELECT FROM job.queue AS q
                          WHERE q.job_id = l.job_id AND q.token = l.token FOR SHARE) AS q;
    RETURN held = asked;
END
$$;

-- Decide a batch commit by commit, in order: the slow path of log.append, which holds the head row's lock.
CREATE OR REPLACE FUNCTION log.append_one_by_one(
    base bigint, at timestamptz,
    keys uuid[], fingerprints bytea[], firsts integer[], sizes integer[], leases uuid[], tokens uuid[],
    streams uuid[], versions integer[], tenants uuid[], categories text[], types text[],
    data text[], metadata text[], subjects uuid[], secrets text[],
    OUT upto bigint, OUT outcomes text[], OUT positions bigint[], OUT actual integer[]
)
LANGUAGE plpgsql
AS $$
DECLARE
    lo      integer;
    hi      integer;
    receipt log.receipts;
    current integer;
BEGIN
    upto := base;
    outcomes := array_fill(NULL::text, ARRAY[cardinality(keys)]);
    positions := array_fill(NULL::bigint, ARRAY[cardinality(keys)]);
    actual := array_fill(NULL::integer, ARRAY[cardinality(keys)]);
    FOR c IN 1 .. cardinality(keys) LOOP
        lo := firsts[c];
        hi := lo + sizes[c] - 1;

        SELECT r.* INTO receipt FROM log.receipts AS r WHERE r.key = keys[c];
        IF FOUND THEN
            outcomes[c] := CASE WHEN receipt.fingerprint = fingerprints[c] THEN 'duplicate' ELSE 'reused' END;
            positions[c] := receipt.position;
            CONTINUE;
        END IF;

        IF leases[c] IS NOT NULL AND NOT log.leases_hold(leases[c:c], tokens[c:c]) THEN
            outcomes[c] := 'fenced';
            CONTINUE;
        END IF;

        -- Each stream of the commit must go on, without a hole, where it stands in the log.
        SELECT coalesce(last.version, 0) INTO current
          FROM (SELECT e.stream, e.version - row_number() OVER (PARTITION BY e.stream ORDER BY e.n) AS expected
                  FROM unnest(streams[lo:hi], versions[lo:hi]) WITH ORDINALITY AS e (stream, version, n)) AS asked
          LEFT JOIN LATERAL (SELECT p.version FROM log.events AS p
                              WHERE p.stream_id = asked.stream ORDER BY p.version DESC LIMIT 1) AS last ON true
         WHERE coalesce(last.version, 0) <> asked.expected
         LIMIT 1;
        IF FOUND THEN
            outcomes[c] := 'conflict';
            actual[c] := current;
            CONTINUE;
        END IF;

        INSERT INTO log.receipts (key, position, events, fingerprint)
        VALUES (keys[c], upto + 1, sizes[c], fingerprints[c]);
        INSERT INTO log.events (position, recorded_at, stream_id, tenant_id, version, category, type, data, metadata)
        SELECT upto + e.n, at, e.stream, e.tenant, e.version, e.category, e.type, e.data::jsonb, e.metadata::jsonb
          FROM unnest(streams[lo:hi], tenants[lo:hi], versions[lo:hi], categories[lo:hi], types[lo:hi],
                      data[lo:hi], metadata[lo:hi]) WITH ORDINALITY
            AS e (stream, tenant, version, category, type, data, metadata, n);
        INSERT INTO log.private (position, subject_id, data)
        SELECT upto + e.n, e.subject, e.secret::jsonb
          FROM unnest(subjects[lo:hi], secrets[lo:hi]) WITH ORDINALITY AS e (subject, secret, n)
         WHERE e.subject IS NOT NULL;
        outcomes[c] := 'appended';
        positions[c] := upto + 1;
        upto := upto + sizes[c];
    END LOOP;
END
$$;

REVOKE ALL ON FUNCTION log.append, log.append_one_by_one, log.leases_hold, job.follow FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.append TO daybook_service;
