-- A page of the prices of a tenant as they are now, by model.
-- $1 tenant   $2 model before (NULL: from the first)   $3 limit
SELECT p.model, p.input_price, p.output_price, p.published_at, p.position
  FROM read.v_prices AS p
 WHERE p.tenant_id = $1::uuid AND ($2::text IS NULL OR p.model > $2::text)
 ORDER BY p.model
 LIMIT $3::integer
