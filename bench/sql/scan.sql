-- Read the data of every event of some types, as text: the least a fold of them could do.
-- $1 types, or * for all
SELECT count(*) AS events, sum(length(e.data::text)) AS characters
  FROM log.events AS e
 WHERE '*' = ANY ($1::text[]) OR e.type = ANY ($1::text[])
