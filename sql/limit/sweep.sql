-- Drop the counts of attempts that no longer count. No parameters.
DELETE FROM ops.attempts AS a WHERE a.expires_at < clock_timestamp()
