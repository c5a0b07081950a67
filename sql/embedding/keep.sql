-- Keep vectors by a model; one by another model gives way. A vector is a text such as {0.6,0.8}.
-- $1 tenant   $2 model   $3 chunks   $4 digests of what was embedded   $5 vectors, all three in the same order
INSERT INTO ops.embeddings AS e (chunk_id, tenant_id, model, said, vector)
SELECT n.chunk_id, $1::uuid, $2::text, n.said, n.vector::real[]
  FROM unnest($3::uuid[], $4::uuid[], $5::text[]) AS n (chunk_id, said, vector)
ON CONFLICT (chunk_id) DO UPDATE
   SET model = excluded.model, said = excluded.said, vector = excluded.vector, made_at = clock_timestamp()
