-- One chapter as a glimpse has it, as its latest version stood, with its parts.
-- $1 an object: the textbook's id, the chapter's number
SELECT to_jsonb(v)
  FROM (SELECT f.chapter_id AS id, f.textbook_id, t.version AS textbook_version, f.chapter_number, f.title, f.slug,
               f.description, f.key_points, f.status, f.version, f.published_version, f.word_count, f.reading_time_minutes,
               f.errors, f.error_message, f.markdown, f.sources, coalesce(f.takeaways, '{}') AS takeaways, f.questions,
               f.boosters, f.refused_boosters, f.markdown_path, f.content_hash, f.docusaurus_url, f.generated_at,
               f.published_at
          FROM v_chapters_full AS f
          JOIN textbooks AS t ON t.id = f.textbook_id
         WHERE f.textbook_id = ($1::jsonb ->> 'id')::uuid AND f.chapter_number = ($1::jsonb ->> 'number')::integer) AS v
