-- What readers find courses and lessons by. The fold needs none of it, so it is made once the rows are loaded.
CREATE UNIQUE INDEX courses_tenant_id_slug_key ON courses (tenant_id, slug);
CREATE INDEX courses_tenant_id_created_at_idx ON courses (tenant_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX lessons_id_key ON lessons (id);
