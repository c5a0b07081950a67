-- What analysts read of usage, beside the plain views of daily_events and daily_actors.

CREATE VIEW v_event_counts WITH (security_invoker = true) AS
SELECT d.tenant_id, d.type, sum(d.events)::bigint AS events, sum(d.streams_begun)::bigint AS streams_begun,
       count(*) AS days, min(d.first_seen) AS first_seen, max(d.last_seen) AS last_seen, max(d.position) AS position
  FROM daily_events AS d
 GROUP BY d.tenant_id, d.type;
COMMENT ON VIEW v_event_counts IS
    'How many events of each type there are, and since when and until when there were any. Key: tenant_id, type.';
COMMENT ON COLUMN v_event_counts.streams_begun IS
    'How many of them were the first of their stream: for course.requested the number of courses, for job.created of jobs.';
COMMENT ON COLUMN v_event_counts.days IS 'On how many days, in UTC, there was at least one.';

CREATE VIEW v_usage_daily WITH (security_invoker = true) AS
SELECT d.tenant_id, d.day, sum(d.events)::bigint AS events,
       (SELECT count(*) FROM daily_actors AS a
         WHERE a.tenant_id = d.tenant_id AND a.day = d.day AND a.actor NOT LIKE 'worker:%' AND a.actor NOT IN ('', 'anonymous', 'service')) AS active_users,
       coalesce(sum(d.events) FILTER (WHERE d.type = 'course.requested'), 0)::bigint AS courses_requested,
       coalesce(sum(d.events) FILTER (WHERE d.type = 'course.ready'), 0)::bigint AS courses_ready,
       coalesce(sum(d.events) FILTER (WHERE d.type = 'course.failed'), 0)::bigint AS courses_failed,
       coalesce(sum(d.events) FILTER (WHERE d.type IN ('lesson.generated', 'lesson.drafted')), 0)::bigint AS lessons_generated,
       coalesce(sum(d.events) FILTER (WHERE d.type = 'lesson.revised'), 0)::bigint AS lessons_revised,
       coalesce(sum(d.events) FILTER (WHERE d.type = 'textbook.requested'), 0)::bigint AS textbooks_requested,
       coalesce(sum(d.events) FILTER (WHERE d.type = 'textbook.ready'), 0)::bigint AS textbooks_ready,
       coalesce(sum(d.events) FILTER (WHERE d.type = 'textbook.failed'), 0)::bigint AS textbooks_failed,
       coalesce(sum(d.events) FILTER (WHERE d.type = 'chapter.generated'), 0)::bigint AS chapters_generated,
       coalesce(sum(d.events) FILTER (WHERE d.type = 'chapter.published'), 0)::bigint AS chapters_published,
       coalesce(sum(d.events) FILTER (WHERE d.type = 'job.created'), 0)::bigint AS jobs_created,
       coalesce(sum(d.events) FILTER (WHERE d.type = 'job.completed'), 0)::bigint AS jobs_completed,
       coalesce(sum(d.events) FILTER (WHERE d.type = 'job.failed'), 0)::bigint AS jobs_failed,
       coalesce(sum(d.events) FILTER (WHERE d.type = 'job.cancelled'), 0)::bigint AS jobs_cancelled,
       coalesce(sum(d.events) FILTER (WHERE d.type IN ('source.added', 'source.replaced')), 0)::bigint AS sources_added,
       coalesce(sum(d.events) FILTER (WHERE d.type = 'llm.called'), 0)::bigint AS llm_calls,
       max(d.position) AS position
  FROM daily_events AS d
 GROUP BY d.tenant_id, d.day;
COMMENT ON VIEW v_usage_daily IS
    'What happened on each day on which anything did: one row per day. Key: tenant_id, day.';
COMMENT ON COLUMN v_usage_daily.day IS 'The day in UTC.';
COMMENT ON COLUMN v_usage_daily.active_users IS 'How many people caused an event; workers are no people.';
COMMENT ON COLUMN v_usage_daily.lessons_generated IS 'Lessons made by a job, those that were made anew too.';
COMMENT ON COLUMN v_usage_daily.lessons_revised IS 'Edits of lessons by a person.';
COMMENT ON COLUMN v_usage_daily.chapters_generated IS 'Chapters made by a job, those that were made anew too.';
COMMENT ON COLUMN v_usage_daily.chapters_published IS 'Versions of chapters that readers were given.';
COMMENT ON COLUMN v_usage_daily.sources_added IS 'Source documents that were added, or replaced by a new text.';
COMMENT ON COLUMN v_usage_daily.llm_calls IS 'Calls of language models, failed ones too; v_generation_costs says what they cost.';

CREATE VIEW v_active_users WITH (security_invoker = true) AS
SELECT a.tenant_id, p.period, p.starts_on, count(DISTINCT a.actor) AS users,
       (SELECT count(DISTINCT b.actor) FROM daily_actors AS b
         WHERE b.tenant_id = a.tenant_id AND b.day > max(a.day) - 7 AND b.day <= max(a.day)
           AND b.actor NOT LIKE 'worker:%' AND b.actor NOT IN ('', 'anonymous', 'service')) AS users_7_days,
       (SELECT count(DISTINCT b.actor) FROM daily_actors AS b
         WHERE b.tenant_id = a.tenant_id AND b.day > max(a.day) - 28 AND b.day <= max(a.day)
           AND b.actor NOT LIKE 'worker:%' AND b.actor NOT IN ('', 'anonymous', 'service')) AS users_28_days,
       array_agg(DISTINCT a.actor ORDER BY a.actor) AS who, sum(a.events)::bigint AS events, max(a.position) AS position
  FROM daily_actors AS a
 CROSS JOIN LATERAL (VALUES ('day', a.day),
                            ('week', date_trunc('week', a.day::timestamp)::date),
                            ('month', date_trunc('month', a.day::timestamp)::date)) AS p (period, starts_on)
 WHERE a.actor NOT LIKE 'worker:%' AND a.actor NOT IN ('', 'anonymous', 'service')
 GROUP BY a.tenant_id, p.period, p.starts_on;
COMMENT ON VIEW v_active_users IS
    'How many people were active, and who, on each day and in each week and month: one row for each of these. Key: tenant_id, period, starts_on.';
COMMENT ON COLUMN v_active_users.period IS 'day, week (from Monday on) or month.';
COMMENT ON COLUMN v_active_users.starts_on IS 'The first day of the period, in UTC.';
COMMENT ON COLUMN v_active_users.users IS 'How many people caused an event; workers and visitors who are not logged in are not counted.';
COMMENT ON COLUMN v_active_users.users_7_days IS 'How many did in the 7 days up to the last day of the period on which anybody did.';
COMMENT ON COLUMN v_active_users.users_28_days IS 'How many did in the 28 days up to that day.';
COMMENT ON COLUMN v_active_users.events IS 'The events that they caused.';
