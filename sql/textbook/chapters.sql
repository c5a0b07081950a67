-- The table of contents of one textbook, chapters that are still to come included.
-- $1 tenant   $2 textbook
SELECT c.id, c.chapter_number, c.title, c.slug, c.description, c.key_points, c.status, c.version, c.published_version,
       c.word_count, c.reading_time_minutes, c.errors, c.error_message, o.docusaurus_url, c.generated_at, c.published_at
  FROM read.chapters AS c
  LEFT JOIN read.chapter_contents AS o ON o.chapter_id = c.id
 WHERE c.tenant_id = $1::uuid AND c.textbook_id = $2::uuid
 ORDER BY c.chapter_number
