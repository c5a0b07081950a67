-- A projection as small as they come, of an event that does not occur.
CREATE TABLE notes (
    id        uuid   NOT NULL,
    tenant_id uuid   NOT NULL,
    position  bigint NOT NULL,
    CONSTRAINT notes_pkey PRIMARY KEY (id)
);

CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO notes (id, tenant_id, position)
    SELECT s.stream_id, s.tenant_id, s.position FROM log.slice('idle', after, upto) AS s
$$
