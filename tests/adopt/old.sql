-- The database of an old course generator, as its documents describe it.
CREATE TYPE course_status AS ENUM ('QUEUED', 'GENERATING', 'READY', 'FAILED');
CREATE TABLE courses (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id       uuid NOT NULL,
    slug          text UNIQUE,
    title         text NOT NULL,
    topic         text NOT NULL,
    grade_level   text,
    source_filter text,
    total_lessons integer NOT NULL DEFAULT 0,
    outline_json  jsonb,
    status        course_status NOT NULL DEFAULT 'QUEUED',
    error_message text,
    generated_at  timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE lessons (
    id                  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    course_id           uuid NOT NULL REFERENCES courses ON DELETE CASCADE,
    lesson_number       integer NOT NULL,
    title               text NOT NULL,
    description         text,
    key_concepts        text[] NOT NULL DEFAULT '{}',
    learning_objectives text[] NOT NULL DEFAULT '{}',
    sources             text[] NOT NULL DEFAULT '{}',
    generated_at        timestamptz,
    UNIQUE (course_id, lesson_number)
);
CREATE TABLE lesson_bodies (
    lesson_id    uuid PRIMARY KEY REFERENCES lessons ON DELETE CASCADE,
    content_md   text NOT NULL,
    content_json jsonb
);
CREATE TABLE lesson_checks (
    id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    lesson_id uuid NOT NULL REFERENCES lessons ON DELETE CASCADE,
    q_order   integer NOT NULL,
    question  text NOT NULL,
    answer    text NOT NULL
);
CREATE VIEW v_course_summary AS
SELECT c.id, c.user_id, c.slug, c.title, c.topic, c.grade_level, c.status, c.total_lessons, c.created_at, c.generated_at
  FROM courses AS c;
CREATE VIEW v_course_lessons AS
SELECT c.id AS course_id, c.title AS course_title, l.id AS lesson_id, l.lesson_number, l.title, l.description
  FROM courses AS c JOIN lessons AS l ON l.course_id = c.id;
CREATE VIEW v_lessons_full AS
SELECT l.course_id, l.id AS lesson_id, l.lesson_number, l.title, l.description, l.key_concepts, l.learning_objectives,
       l.sources, b.content_md, b.content_json, l.generated_at
  FROM lessons AS l JOIN lesson_bodies AS b ON b.lesson_id = l.id;
INSERT INTO courses (id, user_id, slug, title, topic, grade_level, source_filter, total_lessons, status, error_message, created_at, generated_at) VALUES
    ('c0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'cell-biology-course', 'Cell Biology Course', 'Cell Biology', 'Grade 8', 'microbiology/', 2, 'READY', NULL, '2025-11-03 09:00+00', '2025-11-03 09:05+00'),
    ('c0000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-000000000001', 'cell-biology-course-2', 'Cell Biology Course', 'Cell Biology', 'Grade 9', NULL, 3, 'GENERATING', NULL, '2025-11-04 09:00+00', NULL),
    ('c0000000-0000-4000-8000-000000000003', 'a0000000-0000-4000-8000-000000000002', NULL, 'Optics', 'Optics', NULL, NULL, 4, 'FAILED', 'OpenAI timed out', '2025-11-05 09:00+00', NULL);
INSERT INTO lessons (id, course_id, lesson_number, title, description, key_concepts, learning_objectives, sources, generated_at) VALUES
    ('d0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 1, 'The cell', 'What a cell is.', '{cell}', '{"Say what a cell is."}', '{microbiology/cell.pdf}', '2025-11-03 09:03+00'),
    ('d0000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000001', 2, 'The membrane', '', '{}', '{}', '{microbiology/cell.pdf,microbiology/membrane.pdf}', NULL),
    ('d0000000-0000-4000-8000-000000000003', 'c0000000-0000-4000-8000-000000000002', 1, 'The cell again', 'Again.', '{}', '{}', '{}', NULL);
INSERT INTO lesson_bodies (lesson_id, content_md, content_json) VALUES
    ('d0000000-0000-4000-8000-000000000001', E'# The cell\n\nThe cell is the smallest unit of life.\n\n## Parts\n\nIt has parts.', '{"sections": [{"title": "Introduction", "content": "The cell is the smallest unit of life."}, {"title": "Parts", "content": "It has parts."}]}'),
    ('d0000000-0000-4000-8000-000000000002', E'The membrane is around the cell.\n\n## Layers\n\nIt has two of them.', NULL),
    ('d0000000-0000-4000-8000-000000000003', E'# The cell again\n\nIt is what it was.', NULL);
INSERT INTO lesson_checks (lesson_id, q_order, question, answer) VALUES
    ('d0000000-0000-4000-8000-000000000001', 2, 'Has it parts?', 'It has.'),
    ('d0000000-0000-4000-8000-000000000001', 1, 'What is a cell?', 'The smallest unit of life.');
