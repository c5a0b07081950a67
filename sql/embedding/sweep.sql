-- Remove the vectors of a tenant's chunks that are no more, since their source was removed or says something else.
-- $1 tenant
DELETE FROM ops.embeddings AS e
 WHERE e.tenant_id = $1::uuid
   AND NOT EXISTS (SELECT FROM read.content_chunks AS c WHERE c.id = e.chunk_id)
