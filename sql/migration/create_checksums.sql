-- The digest of each migration's text as it was applied, since yoyo tells files by their names alone.
-- No parameters.
CREATE TABLE IF NOT EXISTS migration_checksums (
    id     text NOT NULL,
    sha256 text NOT NULL,
    CONSTRAINT migration_checksums_pkey PRIMARY KEY (id)
)
