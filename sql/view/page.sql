-- A page of a view's rows, encoded; last is what the next page goes on after.
-- $1 view   $2 tenant   $3 filters as {"column.comparison": "value"}   $4 columns to sort by, "-" before one for descending
-- $5 columns to show (none: all)   $6 last of the page before (NULL: the first page)   $7 most rows   $8 most characters
-- $9 json, ndjson or csv
SELECT q.page, q.rows, q.last, q.more, q.columns
  FROM ops.query($1::text, $2::uuid, $3::jsonb, $4::text[], $5::text[], $6::text[], $7::integer, $8::integer, $9::text) AS q
