-- Read the data of every event of some types, as text: the least a fold of them could do.
-- $1 types
SELECT count(*) AS events, sum(length(e.data::text)) AS characters FROM log.events AS e WHERE e.type = ANY ($1::text[])
