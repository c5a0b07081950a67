-- Service tokens as those who administer a tenant see them: what each may do, until when, and whether it was revoked.
-- folds: service-token.issued, service-token.revoked
-- independent by: stream

CREATE TABLE service_tokens (
    id         uuid        NOT NULL,
    tenant_id  uuid        NOT NULL,
    position   bigint      NOT NULL,
    version    integer     NOT NULL,
    name       text        NOT NULL,
    role       text        NOT NULL,
    scopes     text[]      NOT NULL,
    issued_by  text        NOT NULL,
    issued_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_by text,
    revoked_at timestamptz,
    reason     text,
    CONSTRAINT service_tokens_pkey PRIMARY KEY (id)
);
CREATE INDEX service_tokens_tenant_id_issued_at_idx ON service_tokens (tenant_id, issued_at, id);
COMMENT ON TABLE service_tokens IS 'Tokens that machines call with: what each may do, who issued it, until when it is good, and whether it was revoked.';
COMMENT ON COLUMN service_tokens.version IS 'How many events its stream has.';
COMMENT ON COLUMN service_tokens.role IS 'user, analyst or operator: what it may do at most.';
COMMENT ON COLUMN service_tokens.scopes IS 'What it is kept to, such as courses:read; * stands for all.';
COMMENT ON COLUMN service_tokens.issued_by IS 'Who issued it: the id of an account, or a name of the command line.';
COMMENT ON COLUMN service_tokens.expires_at IS 'From then on it is refused.';
COMMENT ON COLUMN service_tokens.revoked_at IS 'Since when it is refused; empty where it was not revoked.';
COMMENT ON COLUMN service_tokens.reason IS 'Why it was revoked.';

-- Neither the token nor its hash is here. A token is issued by the first event of its stream and revoked by the second.
CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO service_tokens (id, tenant_id, position, version, name, role, scopes, issued_by, issued_at, expires_at)
    SELECT s.stream_id, s.tenant_id, s.position, s.version, s.data ->> 'name', s.data ->> 'role',
           ARRAY(SELECT jsonb_array_elements_text(s.data -> 'scopes')), coalesce(s.metadata ->> 'actor', ''), s.recorded_at,
           (s.data ->> 'expires_at')::timestamptz
      FROM log.slice('service_token', after, upto) AS s
     WHERE s.type = 'service-token.issued'
    ON CONFLICT DO NOTHING;

    UPDATE service_tokens AS t
       SET position = s.position, version = s.version, revoked_by = coalesce(s.metadata ->> 'actor', ''),
           revoked_at = s.recorded_at, reason = s.data ->> 'reason'
      FROM log.slice('service_token', after, upto) AS s
     WHERE s.type = 'service-token.revoked' AND t.id = s.stream_id AND t.position < s.position;
END
$$;
