-- Courses and their lessons as readers and analysts see them.
-- folds: course.requested, course.outlined, course.ready, course.failed, course.renamed, course.archived
-- folds: lesson.generated, lesson.drafted, lesson.promoted, lesson.revised, lesson.rolled-back, lesson.pinned, lesson.unpinned
-- folds: job.started, job.requeued, job.cancelled

-- Packing rows of two to four kilobytes would cost a rebuild more than the space is worth: hence toast_tuple_target.
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
) WITH (toast_tuple_target = 4080);
CREATE INDEX courses_tenant_id_slug_stem_idx ON courses (tenant_id, slug_stem, slug_number);

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
    CONSTRAINT lessons_pkey PRIMARY KEY (course_id, lesson_number)
) WITH (toast_tuple_target = 4080);

-- content is the data of the event that wrote the lesson, still packed as the log has it: to unpack a text, and pack it
-- again, would be the dearest part of the fold. Views take out of it what they show.
CREATE TABLE lesson_contents (
    lesson_id uuid   NOT NULL,
    tenant_id uuid   NOT NULL,
    position  bigint NOT NULL,
    content   jsonb  NOT NULL,
    CONSTRAINT lesson_contents_pkey PRIMARY KEY (lesson_id)
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

-- Every revision of every lesson, the ones that never served too. Its text is in the log, at its position.
CREATE TABLE lesson_revisions (
    course_id     uuid        NOT NULL,
    lesson_number integer     NOT NULL,
    revision      integer     NOT NULL,
    tenant_id     uuid        NOT NULL,
    position      bigint      NOT NULL,
    origin        text        NOT NULL,
    title         text        NOT NULL,
    created_at    timestamptz NOT NULL,
    CONSTRAINT lesson_revisions_pkey PRIMARY KEY (course_id, lesson_number, revision)
);
COMMENT ON TABLE lesson_revisions IS
    'Every revision of every lesson, those that never served too. Which one serves is in lessons. Key: course_id, lesson_number, revision.';
COMMENT ON COLUMN lesson_revisions.revision IS 'Numbers the lesson''s revisions in the order in which they came, from 1.';
COMMENT ON COLUMN lesson_revisions.origin IS 'generated with the course, drafted anew by a job, or revised by a person.';
COMMENT ON COLUMN lesson_revisions.position IS 'The event that brought it, whose metadata say who made it and how.';

-- Nobody looks for a row by these, and to gather statistics of long values is a large part of a small rebuild.
ALTER TABLE courses ALTER title SET STATISTICS 0, ALTER topic SET STATISTICS 0, ALTER outline_json SET STATISTICS 0;
ALTER TABLE lessons
    ALTER title SET STATISTICS 0, ALTER description SET STATISTICS 0, ALTER key_concepts SET STATISTICS 0,
    ALTER learning_objectives SET STATISTICS 0, ALTER sources SET STATISTICS 0, ALTER readability SET STATISTICS 0;
ALTER TABLE lesson_contents ALTER content SET STATISTICS 0;
ALTER TABLE lesson_checks
    ALTER id SET STATISTICS 0, ALTER question SET STATISTICS 0, ALTER answer SET STATISTICS 0,
    ALTER options SET STATISTICS 0, ALTER explanation SET STATISTICS 0;
ALTER TABLE lesson_revisions ALTER title SET STATISTICS 0;

-- Ids of what has no stream of its own follow from whose part it is: a digest behind the time that a UUIDv7 begins with,
-- so that indexes grow at one end; lessons that came from elsewhere have brought theirs along. The cast of part lets the
-- server inline this.
CREATE FUNCTION part_id(whole uuid, part integer) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN overlay(md5(whole::text || '/' || part::text) PLACING left(translate(whole::text, '-', ''), 12) FROM 1)::uuid;

-- The stem of a slug: letters and digits of the title, accents dropped, joined by single dashes.
CREATE FUNCTION slug_stem(title text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(nullif(trim(BOTH '-' FROM left(regexp_replace(normalize(regexp_replace(
    lower(normalize(title, NFKD)), U&'[\0300-\036f''\2019]', '', 'g'), NFC), '[^[:alnum:]]+', '-', 'g'), 80)), ''), 'course');

-- The n-th course of a tenant with one stem, in log order, is called stem, stem--2, stem--3 …: a stem never holds two
-- dashes in a row, so no title can take another's slug. A slug, once given, stays. The one that a course has brought along
-- from elsewhere is a stem like any other.
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
               min(coalesce((s.data ->> 'at')::timestamptz, s.recorded_at))
                   FILTER (WHERE s.type = 'course.requested') AS created_at,
               max(coalesce((s.data ->> 'at')::timestamptz, s.recorded_at))
                   FILTER (WHERE s.type = 'course.ready') AS generated_at,
               max(s.recorded_at) FILTER (WHERE s.type = 'course.archived') AS archived_at,
               max(s.position) FILTER (WHERE s.type = 'course.outlined') AS outlined_position,
               (array_agg(s.data ORDER BY s.position DESC) FILTER (WHERE s.type = 'course.requested'))[1] AS request,
               (array_agg(s.data ORDER BY s.position DESC) FILTER (WHERE s.type = 'course.outlined'))[1] AS outlined,
               (array_agg(s.data ->> 'title' ORDER BY s.position DESC) FILTER (WHERE s.titles))[1] AS title,
               (array_agg(s.type ORDER BY s.position DESC) FILTER (WHERE s.stages))[1] AS stage,
               (array_agg(s.data ->> 'error' ORDER BY s.position DESC) FILTER (WHERE s.stages))[1] AS error
          FROM slice AS s
         GROUP BY s.id, s.tenant_id
    ), stemmed AS (
        SELECT s.*, outline.lessons AS outline,
               CASE WHEN s.outlined IS NOT NULL AND c.slug IS NULL
                    THEN slug_stem(coalesce(outline.slug, outline.title)) END AS slug_stem,
               CASE s.stage WHEN 'job.started' THEN 'GENERATING' WHEN 'course.ready' THEN 'READY'
                            WHEN 'course.failed' THEN 'FAILED' WHEN 'job.cancelled' THEN 'FAILED'
                            WHEN 'course.requested' THEN 'QUEUED' WHEN 'job.requeued' THEN 'QUEUED' END AS status,
               CASE s.stage WHEN 'course.failed' THEN s.error
                            WHEN 'job.cancelled' THEN 'Cancelled before it was finished; what was made is kept. Retry to go on.'
                   END AS error_message
          FROM seen AS s
          LEFT JOIN LATERAL (
                   SELECT c.slug FROM courses AS c WHERE c.id = s.id AND s.outlined IS NOT NULL LIMIT 1
               ) AS c ON true
          LEFT JOIN LATERAL jsonb_to_record(s.outlined) AS outline (title text, slug text, lessons jsonb) ON true
    ), numbered AS (
        SELECT s.*, CASE WHEN s.slug_stem IS NOT NULL THEN coalesce(taken.number, 0) + row_number()
                   OVER (PARTITION BY s.tenant_id, s.slug_stem ORDER BY s.outlined_position) END AS slug_number
          FROM stemmed AS s
          LEFT JOIN LATERAL (SELECT c.slug_number AS number FROM courses AS c
                              WHERE c.tenant_id = s.tenant_id AND c.slug_stem = s.slug_stem
                              ORDER BY c.slug_number DESC LIMIT 1) AS taken ON true
    ), news AS (
        SELECT n.*, n.slug_stem || CASE WHEN n.slug_number > 1 THEN '--' || n.slug_number ELSE '' END AS slug
          FROM numbered AS n
    )
    MERGE INTO courses AS c
    USING news AS n ON c.id = n.id
    WHEN MATCHED AND n.position > c.position THEN UPDATE SET
        position      = n.position,
        version       = coalesce(n.version, c.version),
        slug          = coalesce(c.slug, n.slug),
        slug_stem     = coalesce(c.slug_stem, n.slug_stem),
        slug_number   = coalesce(c.slug_number, n.slug_number),
        title         = coalesce(n.title, c.title),
        total_lessons = coalesce(jsonb_array_length(n.outline), c.total_lessons),
        outline_json  = coalesce(n.outline, c.outline_json),
        status        = coalesce(n.status, c.status),
        error_message = CASE WHEN n.status IS NULL THEN c.error_message ELSE n.error_message END,
        generated_at  = coalesce(n.generated_at, c.generated_at),
        archived_at   = coalesce(n.archived_at, c.archived_at),
        updated_at    = n.updated_at
    WHEN NOT MATCHED THEN INSERT (
        id, tenant_id, position, version, job_id, user_id, slug, slug_stem, slug_number, title, topic, grade_level,
        language, source_filter, total_lessons, outline_json, status, error_message, generated_at, archived_at,
        created_at, updated_at)
    VALUES (
        n.id, n.tenant_id, n.position, n.version, (n.request ->> 'job_id')::uuid, n.request ->> 'user_id', n.slug,
        n.slug_stem, n.slug_number, coalesce(n.title, n.request ->> 'topic'), n.request ->> 'topic',
        n.request ->> 'grade_level', n.request ->> 'language', n.request ->> 'source_filter',
        coalesce(jsonb_array_length(n.outline), (n.request ->> 'num_lessons')::integer), n.outline, n.status,
        n.error_message, n.generated_at, n.archived_at, n.created_at, n.updated_at);
END
$$;

-- What a promotion or a rollback may look up in the same range is known before lessons are folded: drafts, and all
-- revisions of a course that rolls back. The others are written by the fold of lessons, which unpacks them anyway.
CREATE FUNCTION fold_revisions(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lesson_revisions (course_id, lesson_number, revision, tenant_id, position, origin, title, created_at)
    SELECT s.stream_id, said.number, coalesce(said.revision, 1), s.tenant_id, s.position, split_part(s.type, '.', 2),
           said.title, coalesce(said.at, s.recorded_at)
      FROM log.slice('course', after, upto) AS s
     CROSS JOIN LATERAL jsonb_to_record(s.data) AS said (number integer, revision integer, title text, at timestamptz)
     WHERE s.type = 'lesson.drafted'
        OR s.type IN ('lesson.generated', 'lesson.revised')
           AND s.stream_id IN (SELECT b.stream_id FROM log.slice('course', after, upto) AS b WHERE b.type = 'lesson.rolled-back')
    ON CONFLICT (course_id, lesson_number, revision) DO NOTHING;
END
$$;

-- Lessons are there, without a text, from the outline on. A lesson's text is long and packed, and each look into it
-- unpacks it whole: so one statement takes all that it needs by one jsonb_to_record, and writes every table from that.
-- Of the rows that a lesson has in the range one leads: its base, which is what was generated, promoted or rolled back to
-- last, else its outline, else its last. An edit is a person's title and text that are later than the base, or what was
-- rolled back to; it leaves the base's checks and sources. A range that was folded before brings nothing back: the lesson then stands at its last position
-- already, or at a later one. LIMIT 1 keeps a lookup a lookup: without it the server may read the whole table first.
CREATE FUNCTION fold_lessons(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH said AS (
        SELECT s.stream_id AS course_id, s.tenant_id, s.position, coalesce(lesson.at, s.recorded_at) AS recorded_at,
               split_part(s.type, '.', 2) AS word, s.data, NULL AS given_id, lesson.number AS lesson_number,
               coalesce(lesson.revision, 1) AS revision, coalesce(lesson.base, lesson.revision) AS base, lesson.title,
               lesson.description, lesson.key_concepts, lesson.learning_objectives, lesson.sources,
               lesson.readability, lesson.checks
          FROM log.slice('course', after, upto) AS s
         CROSS JOIN LATERAL jsonb_to_record(s.data) AS lesson (
                   number integer, revision integer, base integer, title text, description text, key_concepts text[],
                   learning_objectives text[], sources jsonb, readability jsonb, checks jsonb, at timestamptz)
         WHERE s.type IN ('lesson.generated', 'lesson.promoted', 'lesson.revised', 'lesson.rolled-back',
                          'lesson.pinned', 'lesson.unpinned')
         UNION ALL
        SELECT s.stream_id, s.tenant_id, s.position, s.recorded_at, 'outlined', NULL,
               s.data -> 'lesson_ids' ->> (plan.number - 1)::integer, plan.number::integer, 0,
               NULL, plan.title, plan.description, plan.key_concepts, plan.learning_objectives, '[]', NULL, NULL
          FROM log.slice('course', after, upto) AS s
         CROSS JOIN LATERAL ROWS FROM (
                   jsonb_to_recordset(s.data -> 'lessons')
                       AS (title text, description text, key_concepts text[], learning_objectives text[])
               ) WITH ORDINALITY AS plan (title, description, key_concepts, learning_objectives, number)
         WHERE s.type = 'course.outlined'
    ), placed AS (
        SELECT s.*, max(s.position) OVER lesson AS last_position, max(s.given_id) OVER lesson AS brought_id,
               min(s.position) FILTER (WHERE s.word = 'outlined') OVER lesson AS outline_position,
               max(s.position) FILTER (WHERE s.word IN ('generated', 'promoted', 'rolled-back')) OVER lesson AS base_position,
               max(s.position) FILTER (WHERE s.word = 'revised') OVER lesson AS edit_position,
               bool_or(s.word = 'revised') OVER lesson AS edited,
               max(s.position) FILTER (WHERE s.word = 'pinned') OVER lesson AS pin_position,
               max(s.position) FILTER (WHERE s.word = 'unpinned') OVER lesson AS unpin_position
          FROM said AS s
        WINDOW lesson AS (PARTITION BY s.course_id, s.lesson_number)
    ), news AS MATERIALIZED (
        SELECT p.course_id, p.lesson_number, p.tenant_id, p.word, p.position, p.recorded_at, p.revision, p.title,
               coalesce(l.id, p.brought_id::uuid, part_id(p.course_id, p.lesson_number)) AS id,
               p.position = coalesce(p.base_position, p.outline_position, p.last_position)
               AND CASE WHEN l.id IS NULL THEN p.outline_position IS NOT NULL ELSE l.position < p.last_position END AS leads,
               l.generated_at IS NOT NULL AS had_text, coalesce(d.checks, p.checks) AS checks, p.last_position,
               p.base_position, e.position AS edit_position, coalesce(e.title, d.title, p.title, l.title) AS last_title,
               coalesce(d.description, p.description, l.description) AS description,
               coalesce(d.key_concepts, p.key_concepts, l.key_concepts) AS key_concepts,
               coalesce(d.learning_objectives, p.learning_objectives, l.learning_objectives) AS learning_objectives,
               coalesce(d.sources, p.sources, l.sources) AS sources,
               coalesce(d.readability, p.readability, l.readability) AS readability,
               coalesce(e.revision, CASE WHEN p.base_position IS NOT NULL THEN p.revision END, l.revision, 0) AS last_revision,
               p.edited OR coalesce(l.edited, false) AS edited,
               coalesce(coalesce(p.pin_position, 0) > p.unpin_position, p.pin_position > 0, l.pinned, false) AS pinned,
               coalesce(d.created_at, CASE WHEN p.word = 'generated' THEN p.recorded_at END, l.generated_at) AS generated_at,
               CASE WHEN e.position IS NOT NULL THEN jsonb_build_object('content_md', e.content_md, 'sections',
                        jsonb_build_array(jsonb_build_object(
                            'heading', coalesce(e.title, d.title, p.title, l.title), 'markdown', e.content_md)))
                    WHEN p.word = 'generated' THEN p.data ELSE d.data END AS content
          FROM placed AS p
          LEFT JOIN LATERAL (
                   SELECT l.* FROM lessons AS l
                    WHERE l.course_id = p.course_id AND l.lesson_number = p.lesson_number LIMIT 1
               ) AS l ON true
          LEFT JOIN LATERAL (
                   SELECT s.data, coalesce(draft.at, s.recorded_at) AS created_at, draft.*
                     FROM lesson_revisions AS r
                    CROSS JOIN LATERAL (SELECT * FROM log.slice('course', r.position - 1, r.position) LIMIT 1) AS s
                    CROSS JOIN LATERAL jsonb_to_record(s.data) AS draft (
                              title text, description text, key_concepts text[], learning_objectives text[],
                              sources jsonb, readability jsonb, checks jsonb, at timestamptz)
                    WHERE r.course_id = p.course_id AND r.lesson_number = p.lesson_number
                      AND r.revision = CASE WHEN p.word IN ('promoted', 'rolled-back') THEN p.base END
                    LIMIT 1
               ) AS d ON true
          LEFT JOIN LATERAL (
                   SELECT r.position FROM lesson_revisions AS r
                    WHERE r.course_id = p.course_id AND r.lesson_number = p.lesson_number
                      AND r.revision = CASE WHEN p.word = 'rolled-back' AND p.revision <> p.base
                                             AND coalesce(p.edit_position, 0) < p.base_position THEN p.revision END
                    LIMIT 1
               ) AS back ON true
          LEFT JOIN LATERAL (
                   SELECT s.position, edit.*
                     FROM (SELECT coalesce(back.position, p.edit_position) AS position) AS written
                    CROSS JOIN LATERAL (SELECT * FROM log.slice('course', written.position - 1, written.position) LIMIT 1) AS s
                    CROSS JOIN LATERAL jsonb_to_record(s.data) AS edit (revision integer, title text, content_md text)
                    WHERE back.position IS NOT NULL OR p.edit_position > coalesce(p.base_position, 0)
               ) AS e ON true
    ), revisions AS (
        INSERT INTO lesson_revisions (course_id, lesson_number, revision, tenant_id, position, origin, title, created_at)
        SELECT n.course_id, n.lesson_number, n.revision, n.tenant_id, n.position, n.word, n.title, n.recorded_at
          FROM news AS n
         WHERE n.word IN ('generated', 'revised')
        ON CONFLICT (course_id, lesson_number, revision) DO NOTHING
    ), changed AS (
        INSERT INTO lessons (
            id, tenant_id, position, course_id, lesson_number, title, description, key_concepts, learning_objectives,
            sources, readability, revision, edited, pinned, generated_at)
        SELECT n.id, n.tenant_id, n.last_position, n.course_id, n.lesson_number, n.last_title, n.description,
               n.key_concepts, n.learning_objectives, n.sources, n.readability, n.last_revision, n.edited, n.pinned,
               n.generated_at
          FROM news AS n
         WHERE n.leads
        ON CONFLICT (course_id, lesson_number) DO UPDATE SET
            position = EXCLUDED.position, title = EXCLUDED.title, description = EXCLUDED.description,
            key_concepts = EXCLUDED.key_concepts, learning_objectives = EXCLUDED.learning_objectives,
            sources = EXCLUDED.sources, readability = EXCLUDED.readability, revision = EXCLUDED.revision,
            edited = EXCLUDED.edited, pinned = EXCLUDED.pinned, generated_at = EXCLUDED.generated_at
    ), contents AS (
        INSERT INTO lesson_contents AS c (lesson_id, tenant_id, position, content)
        SELECT n.id, n.tenant_id, greatest(n.edit_position, n.base_position), n.content
          FROM news AS n
         WHERE n.leads AND n.content IS NOT NULL
        ON CONFLICT (lesson_id) DO UPDATE SET position = EXCLUDED.position, content = EXCLUDED.content
         WHERE c.position < EXCLUDED.position
    ), forgotten AS (
        DELETE FROM lesson_checks AS c
         USING news AS n
         WHERE n.leads AND n.had_text AND n.checks IS NOT NULL AND c.lesson_id = n.id
        RETURNING c.id
    )
    -- Counting what is forgotten makes it go before the new checks come.
    INSERT INTO lesson_checks (id, tenant_id, position, lesson_id, q_order, question, answer, options, explanation)
    SELECT part_id(n.id, item.number::integer), n.tenant_id, n.base_position, n.id, item.number, item.question,
           item.answer, item.options, item.explanation
      FROM news AS n
     CROSS JOIN LATERAL ROWS FROM (
               jsonb_to_recordset(n.checks) AS (question text, answer text, options text[], explanation text)
           ) WITH ORDINALITY AS item (question, answer, options, explanation, number)
     WHERE n.leads AND (SELECT count(*) FROM forgotten) IS NOT NULL;
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
    PERFORM fold_revisions(after, upto);
    PERFORM fold_lessons(after, upto);
END
$$;
