-- What was done to one chapter, oldest first: versions that began, and publications.
-- $1 tenant   $2 textbook   $3 number
SELECT e.version AS textbook_version, e.position, e.type, coalesce(said.at, e.recorded_at) AS recorded_at,
       e.metadata ->> 'actor' AS actor, said.version
  FROM log.events AS e
 CROSS JOIN LATERAL jsonb_to_record(log.upcast(e.type, e.data)) AS said (number integer, version integer, at timestamptz)
 WHERE e.tenant_id = $1::uuid AND e.stream_id = $2::uuid AND e.category = 'textbook' AND said.number = $3::integer
   AND e.type IN ('chapter.generated', 'chapter.revised', 'chapter.rolled-back', 'chapter.published')
 ORDER BY e.version
