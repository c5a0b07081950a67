-- A page of a tenant's sources by path.
-- $1 tenant   $2 start of the path ('': any)   $3 path before (NULL: from the first)   $4 limit
SELECT s.id, s.path, s.title, s.media_type, s.language, s.characters, s.chunks, s.version, s.created_at, s.updated_at
  FROM read.sources AS s
 WHERE s.tenant_id = $1::uuid
   AND s.path >= $2::text AND s.path < $2::text || chr(1114111)
   AND ($3::text IS NULL OR s.path > $3::text)
 ORDER BY s.path
 LIMIT $4::integer
