-- One source with its text.
-- $1 tenant   $2 id
SELECT s.id, s.path, s.title, s.media_type, s.language, s.characters, s.chunks, s.version, s.created_at, s.updated_at,
       s.sha256, t.text
  FROM read.sources AS s
  JOIN read.source_texts AS t ON t.source_id = s.id
 WHERE s.tenant_id = $1::uuid AND s.id = $2::uuid
