-- Whether the read models of courses have still to come to a position.
-- $1 position
SELECT f.position < $1::bigint
  FROM read.freshness AS f
 WHERE f.name = 'course'
