-- What analysts read of prices, beside the plain view of prices.

CREATE VIEW v_prices WITH (security_invoker = true) AS
SELECT DISTINCT ON (p.tenant_id, p.model) p.tenant_id, p.model, p.input_price, p.output_price, p.published_at, p.position
  FROM prices AS p
 ORDER BY p.tenant_id, p.model, p.position DESC;
COMMENT ON VIEW v_prices IS
    'The price of each language model as it is now; whoever runs the service publishes it. Key: tenant_id, model.';
COMMENT ON COLUMN v_prices.model IS 'The model, as it is asked for or as it names itself.';
COMMENT ON COLUMN v_prices.input_price IS 'US dollars per million tokens of what is asked.';
COMMENT ON COLUMN v_prices.output_price IS 'US dollars per million tokens of what is answered.';
COMMENT ON COLUMN v_prices.published_at IS 'Since when it holds.';
