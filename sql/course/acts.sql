-- What was done to one lesson, oldest first: made, drafted anew, promoted, edited, rolled back, pinned, unpinned.
-- $1 tenant   $2 course   $3 number
SELECT e.version, e.position, e.type, coalesce(said.at, e.recorded_at) AS recorded_at, e.metadata ->> 'actor' AS actor, said.revision, said.title,
       said.instructions
  FROM log.events AS e
 CROSS JOIN LATERAL jsonb_to_record(log.upcast(e.type, e.data)) AS said (
           number integer, revision integer, title text, instructions text, at timestamptz)
 WHERE e.tenant_id = $1::uuid AND e.stream_id = $2::uuid AND e.category = 'course' AND e.type LIKE 'lesson.%'
   AND said.number = $3::integer
 ORDER BY e.version
