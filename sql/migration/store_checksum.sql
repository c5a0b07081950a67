-- Remember the digest of a migration's text.
-- $1 migration   $2 sha256 in hexadecimal
INSERT INTO migration_checksums (id, sha256)
VALUES ($1::text, $2::text)
ON CONFLICT (id) DO UPDATE SET sha256 = EXCLUDED.sha256
