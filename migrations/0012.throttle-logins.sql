-- Counts logins that fail, so that nobody can try passwords in a hurry.
-- For the operator: instant. The counts are in an unlogged table: a crash of the server forgets them, nothing else.
-- depends: 0011.keep-tenants

-- A key is a keyed hash of an identifier, of an address, or of both together where a login has succeeded: an address that
-- is familiar to an identifier is counted by itself, so that strangers who try passwords cannot keep the owner out.
CREATE UNLOGGED TABLE ops.attempts (
    key        bytea       PRIMARY KEY,
    failures   integer     NOT NULL DEFAULT 0,
    counted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    open_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL DEFAULT clock_timestamp() + interval '1 hour'
) WITH (fillfactor = 70);
COMMENT ON TABLE ops.attempts IS
    'Attempts to log in or register that have failed, by keyed hash: how many are not yet forgotten, and when the next is allowed.';

-- Count one failure. rule is burst, pause and longest pause in seconds: one failure is forgotten in every longest pause;
-- from the burst on, each doubles the pause.
CREATE FUNCTION ops.count_failure(key bytea, rule double precision[]) RETURNS void
LANGUAGE sql
AS $$
    UPDATE ops.attempts AS a
       SET failures = n.failures, counted_at = n.counted_at,
           open_at = o.moment + make_interval(secs => CASE WHEN n.failures < rule[1] THEN 0
                                                           ELSE least(rule[2] * 2 ^ (n.failures - rule[1]), rule[3]) END),
           expires_at = greatest(a.expires_at, n.counted_at + make_interval(secs => n.failures * rule[3]))
      FROM ops.attempts AS was
     CROSS JOIN LATERAL (SELECT m AS moment, floor(extract(epoch FROM m - was.counted_at) / rule[3])::integer AS forgotten
                           FROM clock_timestamp() AS m) AS o
     CROSS JOIN LATERAL (SELECT least(greatest(was.failures - o.forgotten, 0) + 1,
                                      rule[1] + ceil(ln(rule[3] / rule[2]) / ln(2)))::integer AS failures,
                                CASE WHEN was.failures > o.forgotten THEN was.counted_at + make_interval(secs => o.forgotten * rule[3])
                                     ELSE o.moment END AS counted_at) AS n
     WHERE a.key = count_failure.key AND was.key = a.key
$$;

-- Lock the rows of keys, always in the same order, so that no two wait for each other.
CREATE FUNCTION ops.lock_attempts(keys bytea[]) RETURNS void
LANGUAGE sql
AS $$
    SELECT FROM ops.attempts AS a WHERE a.key = ANY (keys) ORDER BY a.key FOR UPDATE
$$;

-- Count an attempt as a failure and return 0, or return the seconds to wait and count nothing. What is NULL is not limited.
CREATE FUNCTION ops.attempt(
    identifier bytea, familiar bytea, address bytea, logins double precision[], addresses double precision[]
) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    guarded bytea := coalesce((SELECT a.key FROM ops.attempts AS a WHERE a.key = familiar), identifier);
    keys    bytea[] := ARRAY[guarded, address];
    wait    interval;
BEGIN
    INSERT INTO ops.attempts (key) SELECT k FROM unnest(keys) AS k WHERE k IS NOT NULL ORDER BY k ON CONFLICT DO NOTHING;
    PERFORM ops.lock_attempts(keys);
    SELECT max(a.open_at) - clock_timestamp() INTO wait FROM ops.attempts AS a WHERE a.key = ANY (keys);
    IF wait > interval '0' THEN
        RETURN ceil(extract(epoch FROM wait));
    END IF;
    PERFORM ops.count_failure(guarded, logins), ops.count_failure(address, addresses);
    RETURN 0;
END
$$;

-- Give back what an attempt that succeeded had counted. Other failures from its address stay counted: who has an account
-- cannot wash away what he tries at others.
CREATE FUNCTION ops.forgive(identifier bytea, familiar bytea, address bytea) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM ops.lock_attempts(ARRAY[identifier, familiar, address]);
    UPDATE ops.attempts AS a
       SET failures = greatest(a.failures - 1, 0), open_at = clock_timestamp()
     WHERE a.key = address;
    DELETE FROM ops.attempts AS a WHERE a.key = identifier;
    INSERT INTO ops.attempts AS a (key, expires_at) VALUES (familiar, clock_timestamp() + interval '30 days')
    ON CONFLICT (key) DO UPDATE SET failures = 0, open_at = excluded.open_at, expires_at = excluded.expires_at;
END
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON ops.attempts TO daybook_service;
