-- Courses and their lessons as readers and analysts see them.
-- folds: course.requested, course.outlined, course.ready, course.failed, course.renamed, course.archived
-- folds: lesson.generated, lesson.drafted, lesson.promoted, lesson.revised, lesson.pinned
-- folds: job.started, job.requeued, job.cancelled

CREATE TABLE courses (
    id            uuid        NOT NULL,
    tenant_id     uuid        NOT NULL,
    position      bigint      NOT NULL,
    version       integer     NOT NULL,
    job_id        uuid        NOT NULL,
    user_id       text        NOT NULL,
    slug          text,
    slug_stem     text,
    slug_number   integer,
    title         text        NOT NULL,
    topic         text        NOT NULL,
    grade_level   text        NOT NULL,
    language      text        NOT NULL,
    source_filter text,
    total_lessons integer     NOT NULL,
    outline_json  jsonb,
    status        text        NOT NULL,
    error_message text,
    generated_at  timestamptz,
    archived_at   timestamptz,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT courses_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX courses_tenant_id_slug_key ON courses (tenant_id, slug);
CREATE INDEX courses_tenant_id_slug_stem_idx ON courses (tenant_id, slug_stem, slug_number);
CREATE INDEX courses_tenant_id_created_at_idx ON courses (tenant_id, created_at DESC, id DESC);

CREATE TABLE lessons (
    id                  uuid        NOT NULL,
    tenant_id           uuid        NOT NULL,
    position            bigint      NOT NULL,
    course_id           uuid        NOT NULL,
    lesson_number       integer     NOT NULL,
    title               text        NOT NULL,
    description         text        NOT NULL,
    key_concepts        text[]      NOT NULL,
    learning_objectives text[]      NOT NULL,
    sources             jsonb       NOT NULL,
    readability         jsonb,
    revision            integer     NOT NULL,
    edited              boolean     NOT NULL,
    pinned              boolean     NOT NULL,
    generated_at        timestamptz,
    CONSTRAINT lessons_pkey PRIMARY KEY (course_id, lesson_number),
    CONSTRAINT lessons_id_key UNIQUE (id)
);

CREATE TABLE lesson_bodies (
    lesson_id    uuid   NOT NULL,
    tenant_id    uuid   NOT NULL,
    position     bigint NOT NULL,
    content_md   text   NOT NULL,
    content_json jsonb  NOT NULL,
    CONSTRAINT lesson_bodies_pkey PRIMARY KEY (lesson_id)
);

CREATE TABLE lesson_checks (
    id          uuid    NOT NULL,
    tenant_id   uuid    NOT NULL,
    position    bigint  NOT NULL,
    lesson_id   uuid    NOT NULL,
    q_order     integer NOT NULL,
    question    text    NOT NULL,
    answer      text    NOT NULL,
    options     text[]  NOT NULL,
    explanation text    NOT NULL,
    CONSTRAINT lesson_checks_pkey PRIMARY KEY (lesson_id, q_order)
);

-- Every revision of every lesson, the ones that never served too. content is the event's data.
CREATE TABLE lesson_revisions (
    course_id     uuid        NOT NULL,
    lesson_number integer     NOT NULL,
    revision      integer     NOT NULL,
    tenant_id     uuid        NOT NULL,
    position      bigint      NOT NULL,
    origin        text        NOT NULL,
    content       jsonb       NOT NULL,
    created_at    timestamptz NOT NULL,
    CONSTRAINT lesson_revisions_pkey PRIMARY KEY (course_id, lesson_number, revision)
);
CREATE INDEX lesson_revisions_position_idx ON lesson_revisions (position);

-- LZ4 packs long texts at a fraction of the default's cost, where the server was built with it. Where it was not,
-- packing them would be the dearest part of the fold, so they stay as they are; revisions come packed from the log.
DO $$
BEGIN
    ALTER TABLE lesson_bodies ALTER content_md SET COMPRESSION lz4, ALTER content_json SET COMPRESSION lz4;
    ALTER TABLE lesson_revisions ALTER content SET COMPRESSION lz4;
EXCEPTION
    WHEN feature_not_supported OR invalid_parameter_value THEN
        ALTER TABLE lesson_bodies ALTER content_md SET STORAGE EXTERNAL, ALTER content_json SET STORAGE EXTERNAL;
END
$$;

-- Ids of what has no stream of its own follow from whose part it is.
CREATE FUNCTION part_id(whole uuid, part integer) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN md5(whole::text || '/' || part)::uuid;

-- The stem of a slug: letters and digits of the title, accents dropped, joined by single dashes.
CREATE FUNCTION slug_stem(title text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(nullif(trim(BOTH '-' FROM left(regexp_replace(normalize(regexp_replace(
    lower(normalize(title, NFKD)), U&'[\0300-\036f''\2019]', '', 'g'), NFC), '[^[:alnum:]]+', '-', 'g'), 80)), ''), 'course');

CREATE FUNCTION fold_courses(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH slice AS (
        SELECT s.position, s.version, s.tenant_id, s.type, s.data, s.recorded_at,
               CASE WHEN s.type LIKE 'job.%' THEN (s.data ->> 'target')::uuid ELSE s.stream_id END AS id,
               s.type LIKE 'job.%' AS of_job, s.type IN ('course.outlined', 'course.renamed') AS titles,
               s.type LIKE 'job.%' OR s.type IN ('course.requested', 'course.ready', 'course.failed') AS stages
          FROM log.slice('course', after, upto) AS s
         WHERE s.type NOT LIKE 'job.%' OR s.data ->> 'kind' = 'course'
    ), seen AS (
        SELECT s.id, s.tenant_id, max(s.position) AS position, max(s.recorded_at) AS updated_at,
               max(s.version) FILTER (WHERE NOT s.of_job) AS version,
               min(s.recorded_at) FILTER (WHERE s.type = 'course.requested') AS created_at,
               max(s.recorded_at) FILTER (WHERE s.type = 'course.ready') AS generated_at,
               max(s.recorded_at) FILTER (WHERE s.type = 'course.archived') AS archived_at,
               (array_agg(s.data ORDER BY s.position DESC) FILTER (WHERE s.type = 'course.requested'))[1] AS request,
               (array_agg(s.data -> 'lessons' ORDER BY s.position DESC) FILTER (WHERE s.type = 'course.outlined'))[1] AS outline,
               (array_agg(s.data ->> 'title' ORDER BY s.position DESC) FILTER (WHERE s.titles))[1] AS title,
               (array_agg(s.type ORDER BY s.position DESC) FILTER (WHERE s.stages))[1] AS stage,
               (array_agg(s.data ->> 'error' ORDER BY s.position DESC) FILTER (WHERE s.stages))[1] AS error
          FROM slice AS s
         GROUP BY s.id, s.tenant_id
    ), news AS (
        SELECT s.*,
               CASE s.stage WHEN 'job.started' THEN 'GENERATING' WHEN 'course.ready' THEN 'READY'
                            WHEN 'course.failed' THEN 'FAILED' WHEN 'job.cancelled' THEN 'FAILED'
                            WHEN 'course.requested' THEN 'QUEUED' WHEN 'job.requeued' THEN 'QUEUED' END AS status,
               CASE s.stage WHEN 'course.failed' THEN s.error
                            WHEN 'job.cancelled' THEN 'Cancelled before it was finished; what was made is kept. Retry to go on.'
                   END AS error_message
          FROM seen AS s
    )
    MERGE INTO courses AS c
    USING news AS n ON c.id = n.id
    WHEN MATCHED AND n.position > c.position THEN UPDATE SET
        position      = n.position,
        version       = coalesce(n.version, c.version),
        title         = coalesce(n.title, c.title),
        total_lessons = coalesce(jsonb_array_length(n.outline), c.total_lessons),
        outline_json  = coalesce(n.outline, c.outline_json),
        status        = coalesce(n.status, c.status),
        error_message = CASE WHEN n.status IS NULL THEN c.error_message ELSE n.error_message END,
        generated_at  = coalesce(n.generated_at, c.generated_at),
        archived_at   = coalesce(n.archived_at, c.archived_at),
        updated_at    = n.updated_at
    WHEN NOT MATCHED THEN INSERT (
        id, tenant_id, position, version, job_id, user_id, title, topic, grade_level, language, source_filter,
        total_lessons, outline_json, status, error_message, generated_at, archived_at, created_at, updated_at)
    VALUES (
        n.id, n.tenant_id, n.position, n.version, (n.request ->> 'job_id')::uuid, n.request ->> 'user_id',
        coalesce(n.title, n.request ->> 'topic'), n.request ->> 'topic', n.request ->> 'grade_level',
        n.request ->> 'language', n.request ->> 'source_filter',
        coalesce(jsonb_array_length(n.outline), (n.request ->> 'num_lessons')::integer), n.outline, n.status,
        n.error_message, n.generated_at, n.archived_at, n.created_at, n.updated_at);
END
$$;

-- The n-th course of a tenant with one stem, in log order, is called stem, stem--2, stem--3 …: a stem never holds two
-- dashes in a row, so no title can take another's slug. A slug, once given, stays.
CREATE FUNCTION fold_slugs(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH outlined AS (
        SELECT s.stream_id AS id, s.tenant_id, s.position, slug_stem(s.data ->> 'title') AS stem
          FROM log.slice('course', after, upto) AS s
          JOIN courses AS c ON c.id = s.stream_id AND c.slug IS NULL
         WHERE s.type = 'course.outlined'
    ), numbered AS (
        SELECT o.id, o.stem, coalesce(taken.number, 0)
                   + row_number() OVER (PARTITION BY o.tenant_id, o.stem ORDER BY o.position) AS number
          FROM outlined AS o
          LEFT JOIN LATERAL (SELECT c.slug_number AS number FROM courses AS c
                              WHERE c.tenant_id = o.tenant_id AND c.slug_stem = o.stem
                              ORDER BY c.slug_number DESC LIMIT 1) AS taken ON true
    )
    UPDATE courses AS c
       SET slug = n.stem || CASE WHEN n.number > 1 THEN '--' || n.number ELSE '' END,
           slug_stem = n.stem, slug_number = n.number
      FROM numbered AS n
     WHERE c.id = n.id;
END
$$;

-- Lessons are there, without a text, from the outline on.
CREATE FUNCTION fold_outlines(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lessons (id, tenant_id, position, course_id, lesson_number, title, description, key_concepts,
                         learning_objectives, sources, revision, edited, pinned)
    SELECT part_id(s.stream_id, plan.number::integer), s.tenant_id, s.position, s.stream_id, plan.number, plan.title,
           plan.description, plan.key_concepts, plan.learning_objectives, '[]', 0, false, false
      FROM log.slice('course', after, upto) AS s
     CROSS JOIN LATERAL ROWS FROM (
               jsonb_to_recordset(s.data -> 'lessons')
                   AS (title text, description text, key_concepts text[], learning_objectives text[])
           ) WITH ORDINALITY AS plan (title, description, key_concepts, learning_objectives, number)
     WHERE s.type = 'course.outlined'
    ON CONFLICT (course_id, lesson_number) DO NOTHING;
END
$$;

-- A lesson is a long compressed text, and each look into it unpacks it whole: so every statement from here on
-- takes all that it needs of one by a single jsonb_to_record.
CREATE FUNCTION fold_revisions(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lesson_revisions (course_id, lesson_number, revision, tenant_id, position, origin, content, created_at)
    SELECT s.stream_id, lesson.number, coalesce(lesson.revision, 1), s.tenant_id, s.position,
           split_part(s.type, '.', 2), s.data, s.recorded_at
      FROM log.slice('course', after, upto) AS s
     CROSS JOIN LATERAL jsonb_to_record(s.data) AS lesson (number integer, revision integer)
     WHERE s.type IN ('lesson.generated', 'lesson.drafted', 'lesson.revised')
    ON CONFLICT (course_id, lesson_number, revision) DO NOTHING;
END
$$;

-- What a range of events means for the lessons it touches. base is the whole lesson that was generated or promoted
-- last, edit a person's later title and text; either is NULL where the range says nothing of it.
CREATE FUNCTION news(after bigint, upto bigint)
RETURNS TABLE (course_id uuid, lesson_number integer, "position" bigint, pinned boolean, edited boolean,
               base_revision integer, base_position bigint, edit_revision integer, edit_position bigint)
LANGUAGE sql STABLE AS $$
    WITH said AS (
        SELECT r.course_id, r.lesson_number, r.position, r.origin AS word, r.revision
          FROM lesson_revisions AS r
         WHERE r.position > news.after AND r.position <= news.upto AND r.origin IN ('generated', 'revised')
         UNION ALL
        SELECT s.stream_id, (s.data ->> 'number')::integer, s.position, split_part(s.type, '.', 2),
               coalesce((s.data ->> 'revision')::integer, 1)
          FROM log.slice('course', news.after, news.upto) AS s
         WHERE s.type IN ('lesson.promoted', 'lesson.pinned')
    ), touched AS (
        SELECT s.course_id, s.lesson_number, max(s.position) AS position,
               bool_or(s.word = 'pinned') AS pinned, bool_or(s.word = 'revised') AS edited,
               max(s.position) FILTER (WHERE s.word IN ('generated', 'promoted')) AS base_position,
               (array_agg(s.revision ORDER BY s.position DESC) FILTER (WHERE s.word IN ('generated', 'promoted')))[1] AS base_revision,
               max(s.position) FILTER (WHERE s.word = 'revised') AS edit_position,
               (array_agg(s.revision ORDER BY s.position DESC) FILTER (WHERE s.word = 'revised'))[1] AS edit_revision
          FROM said AS s
         GROUP BY s.course_id, s.lesson_number
    )
    SELECT t.course_id, t.lesson_number, t.position, t.pinned, t.edited, t.base_revision, t.base_position,
           CASE WHEN t.edit_position > coalesce(t.base_position, 0) THEN t.edit_revision END,
           CASE WHEN t.edit_position > coalesce(t.base_position, 0) THEN t.edit_position END
      FROM touched AS t
$$;

-- The checks are those of the lesson that was generated or promoted last; a person's edit leaves them. A range that
-- was folded before brings nothing back: the lesson then stands at its position already, or at a later one.
CREATE FUNCTION fold_lessons(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM lesson_checks AS c
     USING news(after, upto) AS n
      JOIN lessons AS l ON l.course_id = n.course_id AND l.lesson_number = n.lesson_number AND l.position < n.position
     WHERE n.base_revision IS NOT NULL AND c.lesson_id = l.id;

    WITH news AS MATERIALIZED (
        SELECT n.*, l.id, l.tenant_id, base.created_at AS base_made_at, b.description, b.key_concepts,
               b.learning_objectives, b.sources, b.readability, b.checks, coalesce(e.title, b.title) AS title,
               coalesce(e.content_md, b.content_md) AS content_md,
               CASE WHEN e.content_md IS NULL THEN b.sections ELSE jsonb_build_array(jsonb_build_object(
                   'heading', coalesce(e.title, b.title, l.title), 'markdown', e.content_md)) END AS sections
          FROM news(after, upto) AS n
          JOIN lessons AS l ON l.course_id = n.course_id AND l.lesson_number = n.lesson_number AND l.position < n.position
          LEFT JOIN lesson_revisions AS base ON base.course_id = n.course_id
               AND base.lesson_number = n.lesson_number AND base.revision = n.base_revision
          LEFT JOIN LATERAL jsonb_to_record(base.content) AS b (
                   title text, description text, content_md text, sections jsonb, key_concepts text[],
                   learning_objectives text[], sources jsonb, readability jsonb, checks jsonb) ON true
          LEFT JOIN lesson_revisions AS edit ON edit.course_id = n.course_id
               AND edit.lesson_number = n.lesson_number AND edit.revision = n.edit_revision
          LEFT JOIN LATERAL jsonb_to_record(edit.content) AS e (title text, content_md text) ON true
    ), changed AS (
        UPDATE lessons AS l
           SET position            = n.position,
               title               = coalesce(n.title, l.title),
               description         = coalesce(n.description, l.description),
               key_concepts        = coalesce(n.key_concepts, l.key_concepts),
               learning_objectives = coalesce(n.learning_objectives, l.learning_objectives),
               sources             = coalesce(n.sources, l.sources),
               readability         = coalesce(n.readability, l.readability),
               revision            = coalesce(n.edit_revision, n.base_revision, l.revision),
               edited              = l.edited OR n.edited,
               pinned              = l.pinned OR n.pinned,
               generated_at        = coalesce(n.base_made_at, l.generated_at)
          FROM news AS n
         WHERE l.course_id = n.course_id AND l.lesson_number = n.lesson_number
    ), bodies AS (
        INSERT INTO lesson_bodies AS b (lesson_id, tenant_id, position, content_md, content_json)
        SELECT n.id, n.tenant_id, coalesce(n.edit_position, n.base_position), n.content_md, n.sections
          FROM news AS n
         WHERE n.content_md IS NOT NULL
        ON CONFLICT (lesson_id) DO UPDATE SET
            position = EXCLUDED.position, content_md = EXCLUDED.content_md, content_json = EXCLUDED.content_json
         WHERE b.position < EXCLUDED.position
    )
    INSERT INTO lesson_checks (id, tenant_id, position, lesson_id, q_order, question, answer, options, explanation)
    SELECT part_id(n.id, item.number::integer), n.tenant_id, n.base_position, n.id, item.number, item.question,
           item.answer, item.options, item.explanation
      FROM news AS n
     CROSS JOIN LATERAL ROWS FROM (
               jsonb_to_recordset(n.checks) AS (question text, answer text, options text[], explanation text)
           ) WITH ORDINALITY AS item (question, answer, options, explanation, number);
END
$$;

-- The memory is for rebuilds, whose steps would otherwise sort on disk. Plans are cached while the tables are small, and
-- must still be right when they are large: what a batch touches is looked up, never found by reading a whole table.
CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql
SET work_mem = '64MB'
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
BEGIN
    PERFORM fold_courses(after, upto);
    PERFORM fold_slugs(after, upto);
    PERFORM fold_outlines(after, upto);
    PERFORM fold_revisions(after, upto);
    PERFORM fold_lessons(after, upto);
END
$$;
