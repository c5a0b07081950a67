-- What happened to one textbook, newest first: to which version of which chapter, when, and why if it went wrong.
-- $1 tenant   $2 textbook   $3 limit
SELECT e.type, coalesce(said.at, e.recorded_at) AS recorded_at, said.number, said.version, said.title,
       coalesce(said.error, said.reason, said.instructions, array_to_string(said.errors, ' ')) AS note
  FROM log.events AS e
 CROSS JOIN LATERAL jsonb_to_record(log.upcast(e.type, e.data)) AS said (
           number integer, version integer, title text, at timestamptz, error text, reason text, instructions text,
           errors text[])
 WHERE e.tenant_id = $1::uuid AND e.stream_id = $2::uuid AND e.category = 'textbook'
 ORDER BY e.version DESC
 LIMIT $3::integer
