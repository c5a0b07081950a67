-- Whether the read models of a kind of thing have still to come to a position.
-- $1 kind, such as course   $2 position
SELECT f.position < $2::bigint
  FROM read.freshness AS f
 WHERE f.name = $1::text
