-- Source documents, the chunks they fall into, and the words they use.
-- folds: source.added, source.replaced, source.removed

-- Paths compare byte by byte, so that one index serves order, pages and prefixes.
CREATE TABLE sources (
    id         uuid        NOT NULL,
    tenant_id  uuid        NOT NULL,
    position   bigint      NOT NULL,
    version    integer     NOT NULL,
    path       text        NOT NULL COLLATE "C",
    title      text        NOT NULL,
    media_type text        NOT NULL,
    language   text        NOT NULL,
    sha256     text        NOT NULL,
    characters integer     NOT NULL,
    chunks     integer     NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT sources_pkey PRIMARY KEY (id)
);

CREATE TABLE source_texts (
    source_id uuid   NOT NULL,
    tenant_id uuid   NOT NULL,
    position  bigint NOT NULL,
    text      text   NOT NULL,
    CONSTRAINT source_texts_pkey PRIMARY KEY (source_id)
);

-- span_start and span_end count code points of the source's text. search_config names a text search configuration
-- and is text because a regconfig column would stand in the way of pg_upgrade.
CREATE TABLE content_chunks (
    id            uuid     NOT NULL,
    tenant_id     uuid     NOT NULL,
    position      bigint   NOT NULL,
    source_id     uuid     NOT NULL,
    path          text     NOT NULL COLLATE "C",
    ordinal       integer  NOT NULL,
    heading       text[]   NOT NULL,
    span_start    integer  NOT NULL,
    span_end      integer  NOT NULL,
    text          text     NOT NULL,
    language      text     NOT NULL,
    search_config text     NOT NULL COLLATE "C",
    tsv           tsvector NOT NULL,
    CONSTRAINT content_chunks_pkey PRIMARY KEY (source_id, ordinal)
);

-- Every word a tenant's sources have ever used, as search knows it (stemmed), for forgiving typing errors without an
-- extension. position is that of its first use; words stay when their source goes, and then lead to no chunk.
CREATE TABLE source_words (
    tenant_id uuid   NOT NULL,
    word      text   NOT NULL COLLATE "C",
    position  bigint NOT NULL,
    trigrams  text[] NOT NULL,
    CONSTRAINT source_words_pkey PRIMARY KEY (tenant_id, word)
);

-- LZ4 packs long texts at a fraction of the default's cost, where the server was built with it.
DO $$
BEGIN
    ALTER TABLE source_texts ALTER text SET COMPRESSION lz4;
    ALTER TABLE content_chunks ALTER text SET COMPRESSION lz4, ALTER tsv SET COMPRESSION lz4;
EXCEPTION
    WHEN feature_not_supported OR invalid_parameter_value THEN NULL;
END
$$;

-- The text search configuration of a language; words of others are taken as they stand.
CREATE FUNCTION search_config(language text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE language
    WHEN 'ar' THEN 'arabic'     WHEN 'ca' THEN 'catalan'   WHEN 'da' THEN 'danish'     WHEN 'de' THEN 'german'
    WHEN 'el' THEN 'greek'      WHEN 'en' THEN 'english'   WHEN 'es' THEN 'spanish'    WHEN 'eu' THEN 'basque'
    WHEN 'fi' THEN 'finnish'    WHEN 'fr' THEN 'french'    WHEN 'ga' THEN 'irish'      WHEN 'hi' THEN 'hindi'
    WHEN 'hu' THEN 'hungarian'  WHEN 'hy' THEN 'armenian'  WHEN 'id' THEN 'indonesian' WHEN 'it' THEN 'italian'
    WHEN 'lt' THEN 'lithuanian' WHEN 'nb' THEN 'norwegian' WHEN 'ne' THEN 'nepali'     WHEN 'nl' THEN 'dutch'
    WHEN 'nn' THEN 'norwegian'  WHEN 'no' THEN 'norwegian' WHEN 'pt' THEN 'portuguese' WHEN 'ro' THEN 'romanian'
    WHEN 'ru' THEN 'russian'    WHEN 'sr' THEN 'serbian'   WHEN 'sv' THEN 'swedish'    WHEN 'ta' THEN 'tamil'
    WHEN 'tr' THEN 'turkish'    WHEN 'yi' THEN 'yiddish'   ELSE 'simple' END;

-- The words of a path, without its suffix: folders are named by what is in them.
CREATE FUNCTION path_words(path text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN translate(regexp_replace(path, '\.[^./]*$', ''), '/_-.', '    ');

CREATE FUNCTION trigrams(word text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT DISTINCT substr('  ' || word || ' ', n, 3) FROM generate_series(1, length(word) + 1) AS n ORDER BY 1);

-- What a range leaves under each path it touches: content is NULL where the source was removed last. A source that is
-- there was created by its latest source.added: only after a removal is there another.
CREATE FUNCTION news(after bigint, upto bigint)
RETURNS TABLE (source_id uuid, tenant_id uuid, "position" bigint, version integer, content jsonb,
               created_at timestamptz, updated_at timestamptz)
LANGUAGE sql STABLE AS $$
    WITH slice AS MATERIALIZED (
        SELECT s.position, s.stream_id, s.version, s.tenant_id, s.type, s.data, s.recorded_at
          FROM log.slice('library', news.after, news.upto) AS s
    ), touched AS (
        SELECT max(s.position) AS position, max(s.position) FILTER (WHERE s.type = 'source.added') AS added
          FROM slice AS s
         GROUP BY s.stream_id
    )
    SELECT s.stream_id, s.tenant_id, s.position, s.version, CASE WHEN s.type <> 'source.removed' THEN s.data END,
           a.recorded_at, s.recorded_at
      FROM touched AS t
      JOIN slice AS s ON s.position = t.position
      LEFT JOIN slice AS a ON a.position = t.added
$$;

CREATE FUNCTION fold_sources(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    MERGE INTO sources AS s
    USING (SELECT n.*, c.*, length(c.text) AS characters, jsonb_array_length(n.content -> 'chunks') AS chunks
             FROM news(after, upto) AS n
            CROSS JOIN LATERAL jsonb_to_record(n.content) AS c (path text, title text, media_type text, language text, sha256 text, text text)
          ) AS n ON s.id = n.source_id
    WHEN MATCHED AND n.content IS NULL THEN DELETE
    WHEN MATCHED THEN UPDATE SET
        position = n.position, version = n.version, path = n.path, title = n.title, media_type = n.media_type,
        language = n.language, sha256 = n.sha256, characters = n.characters, chunks = n.chunks,
        created_at = coalesce(n.created_at, s.created_at), updated_at = n.updated_at
    WHEN NOT MATCHED AND n.content IS NOT NULL THEN INSERT (
        id, tenant_id, position, version, path, title, media_type, language, sha256, characters, chunks, created_at, updated_at)
    VALUES (
        n.source_id, n.tenant_id, n.position, n.version, n.path, n.title, n.media_type, n.language, n.sha256,
        n.characters, n.chunks, n.created_at, n.updated_at);

    MERGE INTO source_texts AS t
    USING news(after, upto) AS n ON t.source_id = n.source_id
    WHEN MATCHED AND n.content IS NULL THEN DELETE
    WHEN MATCHED THEN UPDATE SET position = n.position, text = n.content ->> 'text'
    WHEN NOT MATCHED AND n.content IS NOT NULL THEN
        INSERT (source_id, tenant_id, position, text) VALUES (n.source_id, n.tenant_id, n.position, n.content ->> 'text');
END
$$;

-- Every chunk that a range writes, those of sources replaced or removed later in it too (stays is false then), cut out
-- of its text. substr counts the characters of all it is given, so cutting each chunk from the whole text would take
-- quadratic time: the text is halved down to windows of 16,384 characters, each with as much of what follows, and each
-- chunk is cut from its window. No chunk is longer than 16,384 characters, no text than 2^25. A
-- nested loop over the windows would read all of them for each chunk, so chunks and windows are hashed together.
CREATE FUNCTION written(after bigint, upto bigint)
RETURNS TABLE (source_id uuid, tenant_id uuid, "position" bigint, stays boolean, path text, title text, ordinal integer,
               heading text[], span_start integer, span_end integer, language text, text text)
LANGUAGE sql STABLE SET enable_nestloop = off AS $$
    WITH RECURSIVE slice AS MATERIALIZED (
        SELECT s.stream_id, s.tenant_id, s.position, s.type, c.path, c.title, c.text, c.chunks,
               s.position = max(s.position) OVER (PARTITION BY s.stream_id) AS stays
          FROM log.slice('library', written.after, written.upto) AS s
         CROSS JOIN LATERAL jsonb_to_record(s.data) AS c (path text, title text, text text, chunks jsonb)
    ), halves AS (
        SELECT s.position, 0 AS start, 33554432 AS size, s.text
          FROM slice AS s
         WHERE s.type <> 'source.removed'
        UNION ALL
        SELECT h.position, h.start + n * (h.size / 2), h.size / 2, substr(h.text, n * (h.size / 2) + 1, h.size / 2 + 16384)
          FROM halves AS h
         CROSS JOIN generate_series(0, 1) AS n
         WHERE h.size > 16384 AND (n = 0 OR length(h.text) > h.size / 2)
    ), windows AS MATERIALIZED (
        SELECT h.position, h.start / 16384 AS number, h.text FROM halves AS h WHERE h.size = 16384
    ), parts AS MATERIALIZED (
        SELECT s.position, e.ordinal::integer AS ordinal, c.heading, c.start, c."end", c.language, c.start / 16384 AS number
          FROM slice AS s
         CROSS JOIN LATERAL jsonb_array_elements(s.chunks) WITH ORDINALITY AS e (chunk, ordinal)
         CROSS JOIN LATERAL jsonb_to_record(e.chunk) AS c (heading jsonb, start integer, "end" integer, language text)
    )
    SELECT s.stream_id, s.tenant_id, s.position, s.stays, s.path, s.title, p.ordinal,
           ARRAY(SELECT jsonb_array_elements_text(p.heading)), p.start, p."end", p.language,
           substr(w.text, p.start % 16384 + 1, p."end" - p.start)
      FROM parts AS p
      JOIN windows AS w ON w.position = p.position AND w.number = p.number
      JOIN slice AS s ON s.position = p.position
$$;

-- A chunk's id follows from its source and what it says, so that what was learnt of it (its embedding) outlives an
-- edit elsewhere in the source.
CREATE FUNCTION fold_chunks(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM content_chunks AS c
     USING (SELECT DISTINCT s.stream_id FROM log.slice('library', after, upto) AS s) AS touched
     WHERE c.source_id = touched.stream_id;

    WITH indexed AS MATERIALIZED (
        SELECT w.*, search_config(w.language) AS search_config,
               setweight(to_tsvector(search_config(w.language)::regconfig, array_to_string(w.heading, ' ')), 'A')
               || setweight(to_tsvector(search_config(w.language)::regconfig, w.title), 'B')
               || setweight(to_tsvector(search_config(w.language)::regconfig, path_words(w.path)), 'C')
               || to_tsvector(search_config(w.language)::regconfig, w.text) AS tsv,
               md5(array_to_string(w.heading, ' / ') || ' / ' || w.text) AS saying
          FROM written(after, upto) AS w
    ), learnt AS (
        INSERT INTO source_words (tenant_id, word, position, trigrams)
        SELECT i.tenant_id, t.lexeme, min(i.position), trigrams(t.lexeme)
          FROM indexed AS i
         CROSS JOIN LATERAL unnest(i.tsv) AS t
         WHERE length(t.lexeme) BETWEEN 4 AND 40 AND t.lexeme !~ '[[:digit:][:punct:]]'
         GROUP BY i.tenant_id, t.lexeme
        ON CONFLICT (tenant_id, word) DO NOTHING
    )
    INSERT INTO content_chunks (id, tenant_id, position, source_id, path, ordinal, heading, span_start, span_end, text,
                                language, search_config, tsv)
    SELECT md5(concat_ws('/', i.source_id, i.saying,
                         row_number() OVER (PARTITION BY i.source_id, i.saying ORDER BY i.ordinal)))::uuid,
           i.tenant_id, i.position, i.source_id, i.path, i.ordinal, i.heading, i.span_start, i.span_end, i.text,
           i.language, i.search_config, i.tsv
      FROM indexed AS i
     WHERE i.stays;
END
$$;

CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM fold_sources(after, upto);
    PERFORM fold_chunks(after, upto);
END
$$;
