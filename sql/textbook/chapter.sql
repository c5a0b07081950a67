-- One chapter as its latest version stands, with its parts.
-- $1 tenant   $2 textbook   $3 number
SELECT f.chapter_id AS id, f.textbook_id, t.version AS textbook_version, f.chapter_number, f.title, f.slug, f.description,
       f.key_points, f.status, f.version, f.published_version, f.word_count, f.reading_time_minutes, f.errors,
       f.error_message, f.markdown, f.sources, coalesce(f.takeaways, '{}') AS takeaways, f.questions, f.boosters,
       f.refused_boosters, f.markdown_path, f.content_hash, f.docusaurus_url, f.generated_at, f.published_at
  FROM read.v_chapters_full AS f
  JOIN read.textbooks AS t ON t.id = f.textbook_id
 WHERE f.tenant_id = $1::uuid AND f.textbook_id = $2::uuid AND f.chapter_number = $3::integer
