-- Tell whether generations that are to be built have the tables of those that serve, under views of the same texts.
-- $1 schemas   $2 digest of the views' texts
SELECT t.views_digest = $2::text AND NOT EXISTS (
           SELECT FROM ops.generations AS fresh
             LEFT JOIN ops.generations AS old ON old.projection = fresh.projection AND old.role = 'serving'
            WHERE fresh.schema = ANY ($1::text[])
              AND (old.schema IS NULL OR ops.shape(old.schema) <> ops.shape(fresh.schema)))
  FROM ops.tail AS t
