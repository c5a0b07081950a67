-- One textbook as a glimpse has it.
-- $1 an object: its id
SELECT to_jsonb(v)
  FROM (SELECT t.id, t.version, t.job_id, t.user_id, t.slug, t.title, t.subject, t.audience, t.language, t.source_filter,
               t.policy, t.status, t.chapters_total, s.chapters_validated, s.chapters_published, s.chapters_failed,
               t.error_message, t.created_at, t.updated_at, t.generated_at, t.archived_at
          FROM textbooks AS t
          JOIN v_textbook_summary AS s ON s.id = t.id
         WHERE t.id = ($1::jsonb ->> 'id')::uuid) AS v
