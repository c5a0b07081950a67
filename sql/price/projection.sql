-- What the tokens of language models cost: one row for each time that a price was published.
-- folds: price.published
-- independent by: stream

CREATE TABLE prices (
    tenant_id    uuid        NOT NULL,
    model        text        NOT NULL COLLATE "C",
    position     bigint      NOT NULL,
    input_price  numeric     NOT NULL,
    output_price numeric     NOT NULL,
    published_at timestamptz NOT NULL,
    CONSTRAINT prices_pkey PRIMARY KEY (tenant_id, model, position)
);
COMMENT ON TABLE prices IS 'Prices of language models as they were published, the old ones too; they are of the tenant that runs the service.';
COMMENT ON COLUMN prices.model IS 'The model, as it is asked for or as it names itself.';
COMMENT ON COLUMN prices.input_price IS 'US dollars per million tokens of what is asked.';
COMMENT ON COLUMN prices.output_price IS 'US dollars per million tokens of what is answered.';
COMMENT ON COLUMN prices.published_at IS 'Since when it holds, until the next one of the model.';

CREATE FUNCTION fold(after bigint, upto bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO prices (tenant_id, model, position, input_price, output_price, published_at)
    SELECT s.tenant_id, p.model, s.position, p.input_price, p.output_price, s.recorded_at
      FROM log.slice('price', after, upto) AS s
     CROSS JOIN LATERAL jsonb_to_record(s.data) AS p (model text, input_price numeric, output_price numeric)
    ON CONFLICT DO NOTHING;
END
$$;
