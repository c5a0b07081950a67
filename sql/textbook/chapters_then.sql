-- The table of contents of one textbook as a glimpse has it, with the version that the textbook had.
-- $1 an object: its id
SELECT jsonb_build_object(
           'version', t.version,
           'chapters', coalesce((SELECT jsonb_agg(jsonb_build_object(
                                            'id', c.id, 'chapter_number', c.chapter_number, 'title', c.title, 'slug', c.slug,
                                            'description', c.description, 'key_points', c.key_points, 'status', c.status,
                                            'version', c.version, 'published_version', c.published_version,
                                            'word_count', c.word_count, 'reading_time_minutes', c.reading_time_minutes,
                                            'errors', c.errors, 'error_message', c.error_message,
                                            'docusaurus_url', o.docusaurus_url, 'generated_at', c.generated_at,
                                            'published_at', c.published_at) ORDER BY c.chapter_number)
                                   FROM chapters AS c
                                   LEFT JOIN chapter_contents AS o ON o.chapter_id = c.id
                                  WHERE c.textbook_id = t.id), '[]'))
  FROM textbooks AS t
 WHERE t.id = ($1::jsonb ->> 'id')::uuid
