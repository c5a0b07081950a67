-- What readers find textbooks and their parts by. The fold needs none of it, so it is made once the rows are loaded.
CREATE UNIQUE INDEX textbooks_tenant_id_slug_key ON textbooks (tenant_id, slug);
CREATE INDEX textbooks_tenant_id_created_at_idx ON textbooks (tenant_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX chapters_id_key ON chapters (id);
CREATE UNIQUE INDEX quizzes_id_key ON quizzes (id);
CREATE INDEX quiz_questions_id_idx ON quiz_questions (id);
CREATE UNIQUE INDEX learning_boosters_id_key ON learning_boosters (id);
CREATE INDEX chapter_versions_textbook_id_idx ON chapter_versions (textbook_id, chapter_number, version);
