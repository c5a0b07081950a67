-- What analysts and clients read of courses, beside the plain views of the tables.

CREATE VIEW v_course_summary WITH (security_invoker = true) AS
SELECT c.id, c.tenant_id, c.user_id, c.slug, c.title, c.topic, c.grade_level, c.status, c.total_lessons,
       (SELECT count(*) FROM lessons AS l WHERE l.course_id = c.id AND l.generated_at IS NOT NULL)::integer AS lessons_ready,
       c.error_message, c.created_at, c.updated_at, c.generated_at, c.archived_at, c.position
  FROM courses AS c;
COMMENT ON VIEW v_course_summary IS
    'One row per course: where it stands, how many of its lessons are there, and why it failed if it did. Key: id.';
COMMENT ON COLUMN v_course_summary.status IS 'QUEUED, GENERATING, READY or FAILED.';
COMMENT ON COLUMN v_course_summary.slug IS 'The name of the course in addresses, made from its first title; it stays when the title changes.';
COMMENT ON COLUMN v_course_summary.total_lessons IS 'Lessons that were asked for; from the outline on, those that it plans.';
COMMENT ON COLUMN v_course_summary.lessons_ready IS 'Lessons that have a text.';
COMMENT ON COLUMN v_course_summary.error_message IS 'Why it failed and what to do; empty unless it has.';
COMMENT ON COLUMN v_course_summary.generated_at IS 'When all of its lessons were there; empty until then.';
COMMENT ON COLUMN v_course_summary.position IS 'The last event that changed the course, one of its lessons, or its status.';

CREATE VIEW v_course_lessons WITH (security_invoker = true) AS
SELECT c.id AS course_id, c.tenant_id, c.title AS course_title, l.id AS lesson_id, l.lesson_number, l.title, l.description,
       l.generated_at, l.position
  FROM courses AS c
  JOIN lessons AS l ON l.course_id = c.id;
COMMENT ON VIEW v_course_lessons IS
    'The table of contents of every course, one row per lesson, also of lessons that are still to come. Key: lesson_id.';
COMMENT ON COLUMN v_course_lessons.lesson_number IS 'The place of the lesson in its course, from 1.';
COMMENT ON COLUMN v_course_lessons.generated_at IS 'When the lesson that serves was made; empty while it is still to come.';

CREATE VIEW lesson_bodies WITH (security_invoker = true) AS
SELECT c.lesson_id, c.tenant_id, c.position, c.content ->> 'content_md' AS content_md, c.content -> 'sections' AS content_json
  FROM lesson_contents AS c;
COMMENT ON VIEW lesson_bodies IS
    'The text of every lesson that has one: Markdown for display, sections as JSON for programs. Key: lesson_id.';

CREATE VIEW v_lessons_full WITH (security_invoker = true) AS
SELECT l.course_id, l.tenant_id, l.id AS lesson_id, l.lesson_number, l.title, l.description, l.key_concepts,
       l.learning_objectives, l.sources, b.content_md, b.content_json, l.readability, l.revision, l.edited, l.pinned,
       l.generated_at, l.position
  FROM lessons AS l
  JOIN lesson_bodies AS b ON b.lesson_id = l.id;
COMMENT ON VIEW v_lessons_full IS
    'Every lesson that has a text, with it: Markdown for display, sections as JSON for programs. Key: lesson_id.';
COMMENT ON COLUMN v_lessons_full.lesson_number IS 'The place of the lesson in its course, from 1.';
COMMENT ON COLUMN v_lessons_full.sources IS 'What it was made from: path, span (code points of the source''s text) and quote of each citation.';
COMMENT ON COLUMN v_lessons_full.readability IS 'How hard the text is to read: grade is that of a school in the United States, words their number.';
COMMENT ON COLUMN v_lessons_full.revision IS 'Which of the lesson''s revisions serves, from 1; read.lesson_revisions has them all.';
COMMENT ON COLUMN v_lessons_full.edited IS 'Whether a person has ever edited it; it is then never replaced unasked.';
COMMENT ON COLUMN v_lessons_full.pinned IS 'Whether a person wants it to stay as it is.';
