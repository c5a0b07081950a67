-- What readers find sources, chunks and words by. The fold needs none of it, so it is made once the rows are loaded.
CREATE UNIQUE INDEX sources_tenant_id_path_key ON sources (tenant_id, path);
CREATE UNIQUE INDEX content_chunks_id_key ON content_chunks (id);
CREATE INDEX content_chunks_tsv_idx ON content_chunks USING gin (tsv);
CREATE INDEX content_chunks_tenant_id_path_idx ON content_chunks (tenant_id, path);
CREATE INDEX content_chunks_tenant_id_search_config_idx ON content_chunks (tenant_id, search_config);
CREATE INDEX source_words_trigrams_idx ON source_words USING gin (trigrams);
