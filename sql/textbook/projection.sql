-- Textbooks, their chapters, and every version of these with its parts, as readers and analysts see them.
-- folds: textbook.requested, textbook.planned, textbook.ready, textbook.failed, textbook.archived
-- folds: chapter.generated, chapter.revised, chapter.rolled-back, chapter.validated, chapter.rejected, chapter.failed
-- folds: chapter.published, summary.generated, quiz.generated, booster.generated, booster.refused
-- folds: job.started, job.requeued, job.cancelled

CREATE TABLE textbooks (
    id             uuid        NOT NULL,
    tenant_id      uuid        NOT NULL,
    position       bigint      NOT NULL,
    version        integer     NOT NULL,
    job_id         uuid        NOT NULL,
    user_id        text        NOT NULL,
    slug           text        NOT NULL,
    slug_stem      text        NOT NULL,
    slug_number    integer     NOT NULL,
    title          text        NOT NULL,
    subject        text        NOT NULL,
    audience       text        NOT NULL,
    language       text        NOT NULL,
    source_filter  text,
    policy         jsonb       NOT NULL,
    chapters_total integer     NOT NULL,
    status         text        NOT NULL,
    error_message  text,
    generated_at   timestamptz,
    archived_at    timestamptz,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT textbooks_pkey PRIMARY KEY (id)
);
CREATE INDEX textbooks_tenant_id_slug_stem_idx ON textbooks (tenant_id, slug_stem, slug_number);
COMMENT ON TABLE textbooks IS 'Textbooks, from the request on.';
COMMENT ON COLUMN textbooks.policy IS 'What its chapters must be so that they may be published.';
COMMENT ON COLUMN textbooks.chapters_total IS 'Chapters that were asked for; from the plan on, those that it has.';
COMMENT ON COLUMN textbooks.status IS 'QUEUED, GENERATING, READY or FAILED.';
COMMENT ON COLUMN textbooks.generated_at IS 'When all of its chapters were validated; empty until then.';

CREATE TABLE chapters (
    id                   uuid        NOT NULL,
    tenant_id            uuid        NOT NULL,
    position             bigint      NOT NULL,
    textbook_id          uuid        NOT NULL,
    chapter_number       integer     NOT NULL,
    title                text        NOT NULL,
    slug                 text,
    description          text        NOT NULL,
    key_points           text[]      NOT NULL,
    status               text        NOT NULL,
    version              integer     NOT NULL,
    published_version    integer     NOT NULL,
    word_count           integer,
    reading_time_minutes integer,
    errors               text[]      NOT NULL,
    error_message        text,
    generated_at         timestamptz,
    published_at         timestamptz,
    CONSTRAINT chapters_pkey PRIMARY KEY (textbook_id, chapter_number)
);
COMMENT ON TABLE chapters IS 'The chapters of every textbook, from its plan on, as their latest version stands.';
COMMENT ON COLUMN chapters.status IS 'That of the latest version: pending, generated, validated, published, or failed (rejected by the policy, or left incomplete).';
COMMENT ON COLUMN chapters.version IS 'The latest of its versions, from 1; 0 while there is none.';
COMMENT ON COLUMN chapters.published_version IS 'The version that readers have, whatever becomes of later ones; 0 for none.';
COMMENT ON COLUMN chapters.errors IS 'Why the policy rejected the latest version, each a sentence.';
COMMENT ON COLUMN chapters.error_message IS 'Why the latest try to make it ended early; empty once more is made of it.';
COMMENT ON COLUMN chapters.generated_at IS 'When its latest version was begun.';
COMMENT ON COLUMN chapters.published_at IS 'Since when readers have the published version.';

-- A version that a person made has the rest from its base; parts_version is the one whose summary, quiz and boosters it has.
CREATE TABLE chapter_versions (
    chapter_id           uuid        NOT NULL,
    version              integer     NOT NULL,
    tenant_id            uuid        NOT NULL,
    position             bigint      NOT NULL,
    textbook_id          uuid        NOT NULL,
    chapter_number       integer     NOT NULL,
    origin               text        NOT NULL,
    base                 integer     NOT NULL,
    parts_version        integer     NOT NULL,
    title                text        NOT NULL,
    slug                 text        NOT NULL,
    markdown             text        NOT NULL,
    content_hash         text        NOT NULL,
    word_count           integer     NOT NULL,
    reading_time_minutes integer     NOT NULL,
    key_points           text[]      NOT NULL,
    sources              jsonb       NOT NULL,
    instructions         text        NOT NULL,
    job_id               uuid,
    status               text        NOT NULL,
    errors               text[]      NOT NULL,
    created_at           timestamptz NOT NULL,
    published_at         timestamptz,
    CONSTRAINT chapter_versions_pkey PRIMARY KEY (chapter_id, version)
);
COMMENT ON TABLE chapter_versions IS 'Every version of every chapter with its text, those that were rejected or never published too.';
COMMENT ON COLUMN chapter_versions.origin IS 'generated by a job, revised by a person, or rolled-back to another version.';
COMMENT ON COLUMN chapter_versions.base IS 'The version that a person changed or went back to; 0 for a generated one.';
COMMENT ON COLUMN chapter_versions.parts_version IS 'The version whose summary, quiz and boosters it has: itself, where it was generated.';
COMMENT ON COLUMN chapter_versions.content_hash IS 'The SHA-256 of its markdown as UTF-8, in hexadecimal.';
COMMENT ON COLUMN chapter_versions.status IS 'generated, validated or rejected.';
COMMENT ON COLUMN chapter_versions.published_at IS 'When it was published; empty where it never was.';

CREATE TABLE chapter_contents (
    chapter_id     uuid        NOT NULL,
    tenant_id      uuid        NOT NULL,
    position       bigint      NOT NULL,
    textbook_id    uuid        NOT NULL,
    version        integer     NOT NULL,
    markdown_path  text        NOT NULL,
    content_hash   text        NOT NULL,
    docusaurus_url text,
    published_at   timestamptz NOT NULL,
    CONSTRAINT chapter_contents_pkey PRIMARY KEY (chapter_id)
);
COMMENT ON TABLE chapter_contents IS 'What of each chapter is out: which version, in which file, and where readers find it.';
COMMENT ON COLUMN chapter_contents.markdown_path IS 'Its file below the folder of the textbook.';
COMMENT ON COLUMN chapter_contents.content_hash IS 'The SHA-256 of its markdown as UTF-8, in hexadecimal.';
COMMENT ON COLUMN chapter_contents.docusaurus_url IS 'Its address on a Docusaurus site.';

CREATE TABLE summaries (
    chapter_id uuid    NOT NULL,
    version    integer NOT NULL,
    tenant_id  uuid    NOT NULL,
    position   bigint  NOT NULL,
    takeaways  text[]  NOT NULL,
    sources    jsonb   NOT NULL,
    CONSTRAINT summaries_pkey PRIMARY KEY (chapter_id, version)
);
COMMENT ON TABLE summaries IS 'What to take away from each generated version of a chapter.';

CREATE TABLE quizzes (
    id              uuid    NOT NULL,
    chapter_id      uuid    NOT NULL,
    version         integer NOT NULL,
    tenant_id       uuid    NOT NULL,
    position        bigint  NOT NULL,
    questions_total integer NOT NULL,
    CONSTRAINT quizzes_pkey PRIMARY KEY (chapter_id, version)
);
COMMENT ON TABLE quizzes IS 'The quiz of each generated version of a chapter.';

CREATE TABLE quiz_questions (
    quiz_id       uuid    NOT NULL,
    q_order       integer NOT NULL,
    id            uuid    NOT NULL,
    tenant_id     uuid    NOT NULL,
    position      bigint  NOT NULL,
    chapter_id    uuid    NOT NULL,
    version       integer NOT NULL,
    question      text    NOT NULL,
    options       text[]  NOT NULL,
    correct_index integer NOT NULL,
    difficulty    text    NOT NULL,
    topic         text    NOT NULL,
    explanation   text    NOT NULL,
    CONSTRAINT quiz_questions_pkey PRIMARY KEY (quiz_id, q_order)
);
COMMENT ON TABLE quiz_questions IS 'The questions of every quiz, in order.';
COMMENT ON COLUMN quiz_questions.id IS 'The same in every version of the chapter in which the same is asked.';
COMMENT ON COLUMN quiz_questions.correct_index IS 'Which of the options is right, counted from 0.';
COMMENT ON COLUMN quiz_questions.difficulty IS 'easy, medium or hard.';

CREATE TABLE learning_boosters (
    id            uuid    NOT NULL,
    chapter_id    uuid    NOT NULL,
    version       integer NOT NULL,
    booster_order integer NOT NULL,
    tenant_id     uuid    NOT NULL,
    position      bigint  NOT NULL,
    type          text    NOT NULL,
    content       text    NOT NULL,
    section_ref   text    NOT NULL,
    sources       jsonb   NOT NULL,
    CONSTRAINT learning_boosters_pkey PRIMARY KEY (chapter_id, version, booster_order)
);
COMMENT ON TABLE learning_boosters IS 'The boosters of each generated version of a chapter, in order.';
COMMENT ON COLUMN learning_boosters.type IS 'analogy, example or explanation.';
COMMENT ON COLUMN learning_boosters.section_ref IS 'The heading of the section that it helps with; empty for the chapter as a whole.';

CREATE TABLE refused_boosters (
    chapter_id uuid    NOT NULL,
    version    integer NOT NULL,
    type       text    NOT NULL,
    tenant_id  uuid    NOT NULL,
    position   bigint  NOT NULL,
    reason     text    NOT NULL,
    CONSTRAINT refused_boosters_pkey PRIMARY KEY (chapter_id, version, type)
);
COMMENT ON TABLE refused_boosters IS 'The kinds of boosters that an author would not make for a version of a chapter, and why.';

-- Nobody looks for a row by these, and to gather statistics of long values is a large part of a small rebuild.
ALTER TABLE chapter_versions ALTER markdown SET STATISTICS 0, ALTER key_points SET STATISTICS 0, ALTER sources SET STATISTICS 0;

-- Both are the same as those of courses: all that a row follows from is in its projection's own text.
CREATE FUNCTION part_id(whole uuid, part integer) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN overlay(md5(whole::text || '/' || part::text) PLACING left(translate(whole::text, '-', ''), 12) FROM 1)::uuid;

CREATE FUNCTION slug_stem(title text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(nullif(trim(BOTH '-' FROM left(regexp_replace(normalize(regexp_replace(
    lower(normalize(title, NFKD)), U&'[\0300-\036f''\2019]', '', 'g'), NFC), '[^[:alnum:]]+', '-', 'g'), 80)), ''), 'textbook');

-- The n-th textbook of a tenant with one stem, in log order, is called stem, stem--2, stem--3 …, as courses are. One that
-- has been ready stays so, whatever becomes of its job: nothing that it has is lost by a new version of a chapter.
CREATE FUNCTION fold_textbooks(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    WITH slice AS (
        SELECT s.position, s.version, s.tenant_id, s.type, s.data, s.recorded_at,
               CASE WHEN s.type LIKE 'job.%' THEN (s.data ->> 'target')::uuid ELSE s.stream_id END AS id,
               s.type LIKE 'job.%' AS of_job,
               s.type LIKE 'job.%' OR s.type IN ('textbook.requested', 'textbook.ready', 'textbook.failed') AS stages
          FROM log.slice('textbook', after, upto) AS s
         WHERE s.type NOT LIKE 'job.%' OR s.data ->> 'kind' = 'textbook'
    ), seen AS (
        SELECT s.id, s.tenant_id, max(s.position) AS position, max(s.recorded_at) AS updated_at,
               max(s.version) FILTER (WHERE NOT s.of_job) AS version,
               max(s.position) FILTER (WHERE s.type = 'textbook.requested') AS requested_position,
               min(coalesce((s.data ->> 'at')::timestamptz, s.recorded_at))
                   FILTER (WHERE s.type = 'textbook.requested') AS created_at,
               min(coalesce((s.data ->> 'at')::timestamptz, s.recorded_at))
                   FILTER (WHERE s.type = 'textbook.ready') AS generated_at,
               max(s.recorded_at) FILTER (WHERE s.type = 'textbook.archived') AS archived_at,
               (array_agg(s.data ORDER BY s.position DESC) FILTER (WHERE s.type = 'textbook.requested'))[1] AS request,
               max(jsonb_array_length(s.data -> 'chapters')) FILTER (WHERE s.type = 'textbook.planned') AS chapters_total,
               (array_agg(s.type ORDER BY s.position DESC) FILTER (WHERE s.stages))[1] AS stage,
               (array_agg(s.data ->> 'error' ORDER BY s.position DESC) FILTER (WHERE s.stages))[1] AS error
          FROM slice AS s
         GROUP BY s.id, s.tenant_id
    ), stemmed AS (
        SELECT s.*, t.id IS NULL AND s.request IS NOT NULL AS begins,
               CASE WHEN t.id IS NULL THEN slug_stem(coalesce(s.request ->> 'slug', s.request ->> 'title')) END AS slug_stem,
               coalesce(t.status = 'READY', false) OR s.generated_at IS NOT NULL AS ready
          FROM seen AS s
          LEFT JOIN LATERAL (SELECT t.id, t.status FROM textbooks AS t WHERE t.id = s.id LIMIT 1) AS t ON true
    ), numbered AS (
        SELECT s.*, CASE WHEN s.begins THEN coalesce(taken.number, 0) + row_number()
                   OVER (PARTITION BY s.begins, s.tenant_id, s.slug_stem ORDER BY s.requested_position) END AS slug_number,
               CASE WHEN s.ready THEN 'READY'
                    ELSE CASE s.stage WHEN 'job.started' THEN 'GENERATING' WHEN 'textbook.failed' THEN 'FAILED'
                                      WHEN 'job.cancelled' THEN 'FAILED' WHEN 'textbook.requested' THEN 'QUEUED'
                                      WHEN 'job.requeued' THEN 'QUEUED' END END AS status,
               CASE WHEN NOT s.ready THEN
                    CASE s.stage WHEN 'textbook.failed' THEN s.error
                                 WHEN 'job.cancelled' THEN 'Cancelled before it was finished; what was made is kept. Retry to go on.'
                        END END AS error_message
          FROM stemmed AS s
          LEFT JOIN LATERAL (SELECT t.slug_number AS number FROM textbooks AS t
                              WHERE s.begins AND t.tenant_id = s.tenant_id AND t.slug_stem = s.slug_stem
                              ORDER BY t.slug_number DESC LIMIT 1) AS taken ON true
    )
    MERGE INTO textbooks AS t
    USING numbered AS n ON t.id = n.id AND t.tenant_id = n.tenant_id
    WHEN MATCHED AND n.position > t.position THEN UPDATE SET
        position       = n.position,
        version        = coalesce(n.version, t.version),
        chapters_total = coalesce(n.chapters_total, t.chapters_total),
        status         = coalesce(n.status, t.status),
        error_message  = CASE WHEN n.status IS NULL THEN t.error_message ELSE n.error_message END,
        generated_at   = coalesce(t.generated_at, n.generated_at),
        archived_at    = coalesce(t.archived_at, n.archived_at),
        updated_at     = n.updated_at
    WHEN NOT MATCHED AND n.begins THEN INSERT (
        id, tenant_id, position, version, job_id, user_id, slug, slug_stem, slug_number, title, subject, audience, language,
        source_filter, policy, chapters_total, status, error_message, generated_at, archived_at, created_at, updated_at)
    VALUES (
        n.id, n.tenant_id, n.position, n.version, (n.request ->> 'job_id')::uuid, n.request ->> 'user_id',
        n.slug_stem || CASE WHEN n.slug_number > 1 THEN '--' || n.slug_number ELSE '' END, n.slug_stem, n.slug_number,
        n.request ->> 'title', n.request ->> 'subject', n.request ->> 'audience', n.request ->> 'language',
        n.request ->> 'source_filter', n.request -> 'policy',
        coalesce(n.chapters_total, (n.request ->> 'chapters_total')::integer), n.status, n.error_message, n.generated_at,
        n.archived_at, n.created_at, n.updated_at);
END
$$;

-- Versions are never taken back: they are inserted, those of people after those of jobs, each as its base but for what it
-- says itself. What is then said of a version is its verdict, and that it was published.
CREATE FUNCTION fold_versions(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    person record;
BEGIN
    INSERT INTO chapter_versions (
        chapter_id, version, tenant_id, position, textbook_id, chapter_number, origin, base, parts_version, title, slug,
        markdown, content_hash, word_count, reading_time_minutes, key_points, sources, instructions, job_id, status, errors,
        created_at)
    SELECT part_id(s.stream_id, said.number), said.version, s.tenant_id, s.position, s.stream_id, said.number, 'generated', 0,
           said.version, said.title, said.slug, said.markdown, encode(sha256(convert_to(said.markdown, 'UTF8')), 'hex'),
           said.word_count, said.reading_time_minutes, said.key_points, said.sources, coalesce(said.instructions, ''),
           said.job_id, 'generated', '{}', coalesce(said.at, s.recorded_at)
      FROM log.slice('textbook', after, upto) AS s
     CROSS JOIN LATERAL jsonb_to_record(s.data) AS said (
               number integer, version integer, title text, slug text, markdown text, word_count integer,
               reading_time_minutes integer, key_points text[], sources jsonb, instructions text, job_id uuid, at timestamptz)
     WHERE s.type = 'chapter.generated'
    ON CONFLICT (chapter_id, version) DO NOTHING;

    FOR person IN
        SELECT s.stream_id, s.position, split_part(s.type, '.', 2) AS origin, s.recorded_at, said.*
          FROM log.slice('textbook', after, upto) AS s
         CROSS JOIN LATERAL jsonb_to_record(s.data) AS said (
                   number integer, version integer, base integer, title text, markdown text, word_count integer,
                   reading_time_minutes integer)
         WHERE s.type IN ('chapter.revised', 'chapter.rolled-back')
         ORDER BY s.position
    LOOP
        INSERT INTO chapter_versions (
            chapter_id, version, tenant_id, position, textbook_id, chapter_number, origin, base, parts_version, title, slug,
            markdown, content_hash, word_count, reading_time_minutes, key_points, sources, instructions, status, errors,
            created_at)
        SELECT b.chapter_id, person.version, b.tenant_id, person.position, b.textbook_id, b.chapter_number, person.origin,
               b.version, b.parts_version, coalesce(person.title, b.title), b.slug, coalesce(person.markdown, b.markdown),
               coalesce(encode(sha256(convert_to(person.markdown, 'UTF8')), 'hex'), b.content_hash),
               coalesce(person.word_count, b.word_count), coalesce(person.reading_time_minutes, b.reading_time_minutes),
               b.key_points, b.sources, '', 'generated', '{}', person.recorded_at
          FROM chapter_versions AS b
         WHERE b.chapter_id = part_id(person.stream_id, person.number) AND b.version = person.base
        ON CONFLICT (chapter_id, version) DO NOTHING;
    END LOOP;

    UPDATE chapter_versions AS v
       SET position = n.position, status = coalesce(n.status, v.status), errors = coalesce(n.errors, v.errors),
           published_at = coalesce(v.published_at, n.published_at)
      FROM (SELECT part_id(s.stream_id, said.number) AS chapter_id, said.version, max(s.position) AS position,
                   max(split_part(s.type, '.', 2)) FILTER (WHERE s.type <> 'chapter.published') AS status,
                   max(said.errors) FILTER (WHERE s.type = 'chapter.rejected') AS errors,
                   min(coalesce(said.at, s.recorded_at)) FILTER (WHERE s.type = 'chapter.published') AS published_at
              FROM log.slice('textbook', after, upto) AS s
             CROSS JOIN LATERAL jsonb_to_record(s.data) AS said (
                       number integer, version integer, errors text[], at timestamptz)
             WHERE s.type IN ('chapter.validated', 'chapter.rejected', 'chapter.published')
             GROUP BY 1, 2) AS n
     WHERE v.chapter_id = n.chapter_id AND v.version = n.version AND v.position < n.position;
END
$$;

-- Parts are said once of a version, and stay.
CREATE FUNCTION fold_parts(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO summaries (chapter_id, version, tenant_id, position, takeaways, sources)
    SELECT part_id(s.stream_id, said.number), said.version, s.tenant_id, s.position, said.takeaways, said.sources
      FROM log.slice('textbook', after, upto) AS s
     CROSS JOIN LATERAL jsonb_to_record(s.data) AS said (number integer, version integer, takeaways text[], sources jsonb)
     WHERE s.type = 'summary.generated'
    ON CONFLICT (chapter_id, version) DO NOTHING;

    WITH asked AS MATERIALIZED (
        SELECT part_id(s.stream_id, said.number) AS chapter_id, said.version, s.tenant_id, s.position, said.questions
          FROM log.slice('textbook', after, upto) AS s
         CROSS JOIN LATERAL jsonb_to_record(s.data) AS said (number integer, version integer, questions jsonb)
         WHERE s.type = 'quiz.generated'
    ), quiz AS (
        INSERT INTO quizzes (id, chapter_id, version, tenant_id, position, questions_total)
        SELECT part_id(a.chapter_id, a.version), a.chapter_id, a.version, a.tenant_id, a.position,
               jsonb_array_length(a.questions)
          FROM asked AS a
        ON CONFLICT (chapter_id, version) DO NOTHING
    )
    INSERT INTO quiz_questions (quiz_id, q_order, id, tenant_id, position, chapter_id, version, question, options,
                                correct_index, difficulty, topic, explanation)
    SELECT part_id(a.chapter_id, a.version), q.number, q.id, a.tenant_id, a.position, a.chapter_id, a.version, q.text,
           q.options, q.correct_index, q.difficulty, q.topic, q.explanation
      FROM asked AS a
     CROSS JOIN LATERAL ROWS FROM (
               jsonb_to_recordset(a.questions) AS (
                   id uuid, text text, options text[], correct_index integer, difficulty text, topic text, explanation text)
           ) WITH ORDINALITY AS q (id, text, options, correct_index, difficulty, topic, explanation, number)
    ON CONFLICT (quiz_id, q_order) DO NOTHING;

    INSERT INTO learning_boosters (id, chapter_id, version, booster_order, tenant_id, position, type, content, section_ref,
                                   sources)
    SELECT part_id(part_id(c.id, said.version), said.position), c.id, said.version, said.position, s.tenant_id, s.position,
           said.kind, said.content, said.section_ref, said.sources
      FROM log.slice('textbook', after, upto) AS s
     CROSS JOIN LATERAL jsonb_to_record(s.data) AS said (
               number integer, version integer, kind text, content text, section_ref text, position integer, sources jsonb)
     CROSS JOIN LATERAL (SELECT part_id(s.stream_id, said.number) AS id) AS c
     WHERE s.type = 'booster.generated'
    ON CONFLICT (chapter_id, version, booster_order) DO NOTHING;

    INSERT INTO refused_boosters (chapter_id, version, type, tenant_id, position, reason)
    SELECT DISTINCT ON (s.stream_id, said.number, said.version, said.kind)
           part_id(s.stream_id, said.number), said.version, said.kind, s.tenant_id, s.position, said.reason
      FROM log.slice('textbook', after, upto) AS s
     CROSS JOIN LATERAL jsonb_to_record(s.data) AS said (number integer, version integer, kind text, reason text)
     WHERE s.type = 'booster.refused'
     ORDER BY s.stream_id, said.number, said.version, said.kind, s.position
    ON CONFLICT (chapter_id, version, type) DO NOTHING;
END
$$;

-- A chapter is there from the first plan on that has it: a later one adds to those that there are. What it is follows from
-- its latest version, which has been folded by now, and from whether the last that was said of the making is that it failed.
CREATE FUNCTION fold_chapters(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chapters (id, tenant_id, position, textbook_id, chapter_number, title, description, key_points, status,
                          version, published_version, errors)
    SELECT part_id(s.stream_id, plan.number::integer), s.tenant_id, s.position, s.stream_id, plan.number, plan.title,
           plan.description, plan.key_points, 'pending', 0, 0, '{}'
      FROM log.slice('textbook', after, upto) AS s
     CROSS JOIN LATERAL ROWS FROM (
               jsonb_to_recordset(s.data -> 'chapters') AS (title text, description text, key_points text[])
           ) WITH ORDINALITY AS plan (title, description, key_points, number)
     WHERE s.type = 'textbook.planned'
     ORDER BY s.position
    ON CONFLICT (textbook_id, chapter_number) DO NOTHING;

    WITH said AS (
        SELECT s.stream_id, (s.data ->> 'number')::integer AS number, s.position, s.recorded_at, s.type,
               CASE s.type WHEN 'chapter.failed' THEN s.data ->> 'error' END AS error,
               CASE s.type WHEN 'chapter.published' THEN (s.data ->> 'version')::integer END AS version,
               CASE s.type WHEN 'chapter.published' THEN (s.data ->> 'at')::timestamptz END AS at
          FROM log.slice('textbook', after, upto) AS s
         WHERE s.type NOT LIKE 'textbook.%' AND s.type NOT LIKE 'job.%'
    ), seen AS (
        SELECT s.stream_id, s.number, max(s.position) AS position,
               coalesce(max(s.position) FILTER (WHERE s.type NOT IN ('chapter.failed', 'chapter.published')), 0) AS made,
               coalesce(max(s.position) FILTER (WHERE s.type = 'chapter.failed'), 0) AS failed,
               (array_agg(s.error ORDER BY s.position DESC) FILTER (WHERE s.type = 'chapter.failed'))[1] AS error,
               (array_agg(s.version ORDER BY s.position DESC) FILTER (WHERE s.type = 'chapter.published'))[1] AS published_version,
               (array_agg(coalesce(s.at, s.recorded_at) ORDER BY s.position DESC)
                   FILTER (WHERE s.type = 'chapter.published'))[1] AS published_at
          FROM said AS s
         GROUP BY s.stream_id, s.number
    ), news AS (
        SELECT n.*, c.position AS known,
               CASE WHEN n.failed > n.made THEN n.error WHEN n.made > 0 THEN NULL ELSE c.error_message END AS error_message,
               coalesce(n.published_version, c.published_version) AS out, coalesce(n.published_at, c.published_at) AS out_at
          FROM seen AS n
         CROSS JOIN LATERAL (
                   SELECT c.position, c.error_message, c.published_version, c.published_at FROM chapters AS c
                    WHERE c.textbook_id = n.stream_id AND c.chapter_number = n.number LIMIT 1
               ) AS c
    )
    UPDATE chapters AS c
       SET position = n.position, title = coalesce(v.title, c.title), slug = v.slug, version = coalesce(v.version, 0),
           key_points = coalesce(v.key_points, c.key_points), word_count = v.word_count,
           reading_time_minutes = v.reading_time_minutes, errors = coalesce(v.errors, '{}'), generated_at = v.created_at,
           error_message = n.error_message, published_version = n.out, published_at = n.out_at,
           status = CASE WHEN v.version = n.out THEN 'published' WHEN v.status = 'validated' THEN 'validated'
                         WHEN v.status = 'rejected' OR n.error_message IS NOT NULL THEN 'failed'
                         ELSE coalesce(v.status, 'pending') END
      FROM news AS n
      LEFT JOIN LATERAL (
               SELECT v.version, v.title, v.slug, v.status, v.errors, v.key_points, v.word_count, v.reading_time_minutes,
                      v.created_at
                 FROM chapter_versions AS v
                WHERE v.chapter_id = part_id(n.stream_id, n.number)
                ORDER BY v.version DESC LIMIT 1
           ) AS v ON true
     WHERE c.textbook_id = n.stream_id AND c.chapter_number = n.number AND n.known < n.position;
END
$$;

CREATE FUNCTION fold_contents(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chapter_contents AS c (chapter_id, tenant_id, position, textbook_id, version, markdown_path, content_hash,
                                       docusaurus_url, published_at)
    SELECT DISTINCT ON (chapter_id)
           part_id(s.stream_id, said.number) AS chapter_id, s.tenant_id, s.position, s.stream_id, said.version, said.path,
           said.content_hash, '/docs/' || t.slug || '/' || v.slug, coalesce(said.at, s.recorded_at)
      FROM log.slice('textbook', after, upto) AS s
     CROSS JOIN LATERAL jsonb_to_record(s.data) AS said (
               number integer, version integer, path text, content_hash text, at timestamptz)
      LEFT JOIN LATERAL (SELECT t.slug FROM textbooks AS t WHERE t.id = s.stream_id LIMIT 1) AS t ON true
      LEFT JOIN LATERAL (SELECT v.slug FROM chapter_versions AS v
                          WHERE v.chapter_id = part_id(s.stream_id, said.number) AND v.version = said.version LIMIT 1) AS v ON true
     WHERE s.type = 'chapter.published'
     ORDER BY chapter_id, s.position DESC
    ON CONFLICT (chapter_id) DO UPDATE SET
        position = EXCLUDED.position, version = EXCLUDED.version, markdown_path = EXCLUDED.markdown_path,
        content_hash = EXCLUDED.content_hash, docusaurus_url = EXCLUDED.docusaurus_url, published_at = EXCLUDED.published_at
     WHERE c.position < EXCLUDED.position;
END
$$;

-- Most ranges hold nothing of a textbook but jobs, so the rest is looked at only where there is more. Plans are cached while
-- the tables are small, and must still be right when they are large: what a batch touches is looked up, never found by
-- reading a whole table.
CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql
SET work_mem = '64MB'
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
AS $$
BEGIN
    PERFORM fold_textbooks(after, upto);
    IF EXISTS (SELECT FROM log.slice('textbook', after, upto) AS s WHERE s.type NOT LIKE 'job.%') THEN
        PERFORM fold_versions(after, upto);
        PERFORM fold_parts(after, upto);
        PERFORM fold_chapters(after, upto);
        PERFORM fold_contents(after, upto);
    END IF;
END
$$;
