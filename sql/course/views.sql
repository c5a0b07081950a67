-- What analysts and clients read of courses, beside the plain views of the tables.

CREATE VIEW v_course_summary WITH (security_invoker = true) AS
SELECT c.id, c.tenant_id, c.user_id, c.slug, c.title, c.topic, c.grade_level, c.status, c.total_lessons,
       (SELECT count(*) FROM lessons AS l WHERE l.course_id = c.id AND l.generated_at IS NOT NULL)::integer AS lessons_ready,
       c.error_message, c.created_at, c.updated_at, c.generated_at, c.archived_at, c.position
  FROM courses AS c;
COMMENT ON VIEW v_course_summary IS 'One row per course: where it stands, how many of its lessons are there, and why it failed if it did.';

CREATE VIEW v_course_lessons WITH (security_invoker = true) AS
SELECT c.id AS course_id, c.tenant_id, c.title AS course_title, l.id AS lesson_id, l.lesson_number, l.title, l.description,
       l.generated_at, l.position
  FROM courses AS c
  JOIN lessons AS l ON l.course_id = c.id;
COMMENT ON VIEW v_course_lessons IS 'The table of contents of every course, one row per lesson, also of lessons that are still to come.';

CREATE VIEW v_lessons_full WITH (security_invoker = true) AS
SELECT l.course_id, l.tenant_id, l.id AS lesson_id, l.lesson_number, l.title, l.description, l.key_concepts,
       l.learning_objectives, l.sources, b.content_md, b.content_json, l.readability, l.revision, l.edited, l.pinned,
       l.generated_at, l.position
  FROM lessons AS l
  JOIN lesson_bodies AS b ON b.lesson_id = l.id;
COMMENT ON VIEW v_lessons_full IS 'Every lesson that has a text, with it: Markdown for display, sections as JSON for programs.';
