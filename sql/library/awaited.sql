-- Whether the log holds a source of a tenant that the library has not taken in yet.
-- $1 tenant
SELECT EXISTS (
    SELECT FROM log.events AS e
     WHERE e.position > (SELECT f.position FROM read.freshness AS f WHERE f.name = 'library')
       AND e.category = 'source' AND e.tenant_id = $1::uuid)
