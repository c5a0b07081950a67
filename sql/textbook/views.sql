-- What analysts and clients read of textbooks, beside the plain views of the tables.

CREATE VIEW v_textbook_summary WITH (security_invoker = true) AS
SELECT t.id, t.tenant_id, t.user_id, t.slug, t.title, t.subject, t.audience, t.language, t.status, t.chapters_total,
       c.validated AS chapters_validated, c.published AS chapters_published, c.failed AS chapters_failed, t.error_message,
       t.created_at, t.updated_at, t.generated_at, t.archived_at, t.position
  FROM textbooks AS t
 CROSS JOIN LATERAL (
           SELECT count(*) FILTER (WHERE c.status IN ('validated', 'published'))::integer AS validated,
                  count(*) FILTER (WHERE c.published_version > 0)::integer AS published,
                  count(*) FILTER (WHERE c.status = 'failed')::integer AS failed
             FROM chapters AS c WHERE c.textbook_id = t.id
       ) AS c;
COMMENT ON VIEW v_textbook_summary IS
    'One row per textbook: where it stands, how many of its chapters are sound, out or failed, and why it failed if it did. Key: id.';
COMMENT ON COLUMN v_textbook_summary.status IS 'QUEUED, GENERATING, READY or FAILED.';
COMMENT ON COLUMN v_textbook_summary.chapters_total IS 'Chapters that were asked for; from the plan on, those that it has.';
COMMENT ON COLUMN v_textbook_summary.chapters_validated IS 'Chapters whose latest version is all that the policy asks for.';
COMMENT ON COLUMN v_textbook_summary.chapters_published IS 'Chapters of which readers have a version.';
COMMENT ON COLUMN v_textbook_summary.chapters_failed IS 'Chapters whose latest version was rejected or left incomplete.';
COMMENT ON COLUMN v_textbook_summary.error_message IS 'Why it failed and what to do; empty unless it has.';
COMMENT ON COLUMN v_textbook_summary.generated_at IS 'When all of its chapters were validated; empty until then.';

CREATE VIEW v_chapters_full WITH (security_invoker = true) AS
SELECT c.id AS chapter_id, c.tenant_id, c.textbook_id, t.title AS textbook_title, c.chapter_number, c.title, c.slug,
       c.description, c.status, c.version, c.published_version, v.markdown, c.word_count, c.reading_time_minutes,
       c.key_points, v.sources, s.takeaways, q.questions, b.boosters, r.refused_boosters, c.errors, c.error_message,
       o.markdown_path, o.content_hash, o.docusaurus_url, c.generated_at, c.published_at, c.position
  FROM chapters AS c
  JOIN textbooks AS t ON t.id = c.textbook_id
  JOIN chapter_versions AS v ON v.chapter_id = c.id AND v.version = c.version
  LEFT JOIN summaries AS s ON s.chapter_id = c.id AND s.version = v.parts_version
  LEFT JOIN chapter_contents AS o ON o.chapter_id = c.id
 CROSS JOIN LATERAL (
           SELECT coalesce(jsonb_agg(jsonb_build_object(
                      'id', q.id, 'text', q.question, 'options', q.options, 'correct_index', q.correct_index,
                      'difficulty', q.difficulty, 'topic', q.topic, 'explanation', q.explanation) ORDER BY q.q_order), '[]') AS questions
             FROM quizzes AS z JOIN quiz_questions AS q ON q.quiz_id = z.id
            WHERE z.chapter_id = c.id AND z.version = v.parts_version
       ) AS q
 CROSS JOIN LATERAL (
           SELECT coalesce(jsonb_agg(jsonb_build_object(
                      'id', b.id, 'kind', b.type, 'content', b.content, 'section_ref', b.section_ref,
                      'position', b.booster_order, 'sources', b.sources) ORDER BY b.booster_order), '[]') AS boosters
             FROM learning_boosters AS b
            WHERE b.chapter_id = c.id AND b.version = v.parts_version
       ) AS b
 CROSS JOIN LATERAL (
           SELECT coalesce(jsonb_agg(jsonb_build_object('kind', r.type, 'reason', r.reason) ORDER BY r.position), '[]')
                      AS refused_boosters
             FROM refused_boosters AS r
            WHERE r.chapter_id = c.id AND r.version = v.parts_version
       ) AS r;
COMMENT ON VIEW v_chapters_full IS
    'Every chapter that has a text, as its latest version stands, with its summary, quiz and boosters. Key: chapter_id.';
COMMENT ON COLUMN v_chapters_full.chapter_number IS 'The place of the chapter in its textbook, from 1.';
COMMENT ON COLUMN v_chapters_full.status IS 'That of the latest version: generated, validated, published, or failed (rejected by the policy, or left incomplete).';
COMMENT ON COLUMN v_chapters_full.version IS 'The latest of its versions; v_content_versions has them all.';
COMMENT ON COLUMN v_chapters_full.published_version IS 'The version that readers have, whatever becomes of later ones; 0 for none.';
COMMENT ON COLUMN v_chapters_full.sources IS 'What it was made from: path, span (code points of the source''s text) and quote of each citation.';
COMMENT ON COLUMN v_chapters_full.takeaways IS 'What to take away; empty while it has no summary.';
COMMENT ON COLUMN v_chapters_full.refused_boosters IS 'The kinds of boosters that the author would not make, and why.';
COMMENT ON COLUMN v_chapters_full.errors IS 'Why the policy rejected the latest version, each a sentence.';
COMMENT ON COLUMN v_chapters_full.error_message IS 'Why the latest try to make it ended early; empty once more is made of it.';
COMMENT ON COLUMN v_chapters_full.markdown_path IS 'The file of the published version, below the folder of the textbook.';
COMMENT ON COLUMN v_chapters_full.content_hash IS 'The SHA-256 of the published markdown as UTF-8, in hexadecimal.';
COMMENT ON COLUMN v_chapters_full.docusaurus_url IS 'The address of the published version on a Docusaurus site.';

CREATE VIEW v_content_versions WITH (security_invoker = true) AS
SELECT v.chapter_id, v.version, v.tenant_id, v.textbook_id, t.title AS textbook_title, v.chapter_number, v.title, v.origin,
       v.base, v.status, v.errors, v.instructions, v.content_hash, v.word_count, v.reading_time_minutes,
       v.version = c.version AS latest, v.version = c.published_version AS published, v.job_id, v.created_at, v.published_at,
       v.position
  FROM chapter_versions AS v
  JOIN textbooks AS t ON t.id = v.textbook_id
  JOIN chapters AS c ON c.textbook_id = v.textbook_id AND c.chapter_number = v.chapter_number;
COMMENT ON VIEW v_content_versions IS
    'Every version of every chapter: where it came from, what became of it, and whether readers have it. Key: chapter_id, version.';
COMMENT ON COLUMN v_content_versions.origin IS 'generated by a job, revised by a person, or rolled-back to another version.';
COMMENT ON COLUMN v_content_versions.base IS 'The version that a person changed or went back to; 0 for a generated one.';
COMMENT ON COLUMN v_content_versions.status IS 'generated, validated or rejected.';
COMMENT ON COLUMN v_content_versions.errors IS 'Why the policy rejected it, each a sentence.';
COMMENT ON COLUMN v_content_versions.instructions IS 'What a person wanted to be different, where it was made anew.';
COMMENT ON COLUMN v_content_versions.content_hash IS 'The SHA-256 of its markdown as UTF-8, in hexadecimal.';
COMMENT ON COLUMN v_content_versions.published IS 'Whether readers have it now.';
COMMENT ON COLUMN v_content_versions.job_id IS 'The job that made it; empty where a person did.';
COMMENT ON COLUMN v_content_versions.published_at IS 'When it was published; empty where it never was.';
