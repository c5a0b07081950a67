-- What analysts read of budgets, beside the plain views of budgets and budget_charges.

CREATE VIEW v_budgets WITH (security_invoker = true) AS
SELECT b.id, b.tenant_id, b.job_id, b.amount, b.period, b.by_house, s.starts_on, m.spent, m.reserved,
       b.amount - m.spent - m.reserved AS remaining, greatest(b.position, m.position) AS position
  FROM budgets AS b
 CROSS JOIN (SELECT (now() AT TIME ZONE 'UTC')::date AS day) AS today
 CROSS JOIN LATERAL (SELECT CASE b.period WHEN 'day' THEN today.day
                                          WHEN 'month' THEN date_trunc('month', today.day::timestamp)::date END AS starts_on) AS s
 CROSS JOIN LATERAL (SELECT coalesce(sum(c.cost), 0)
                            + CASE WHEN b.period = 'total' THEN b.already_total
                                   WHEN b.already_on < s.starts_on THEN 0
                                   WHEN b.period = 'month' THEN b.already_month
                                   ELSE b.already_day END AS spent,
                            coalesce(sum(c.reserved) FILTER (WHERE c.cost IS NULL), 0) AS reserved, max(c.position) AS position
                       FROM budget_charges AS c
                      WHERE c.budget_id = b.id AND (s.starts_on IS NULL OR c.day >= s.starts_on)) AS m;
COMMENT ON VIEW v_budgets IS
    'How each budget stands in its period of now: what is spent, what is set aside for calls under way, and what remains. Key: id.';
COMMENT ON COLUMN v_budgets.job_id IS 'The job whose budget it is; empty for that of the tenant.';
COMMENT ON COLUMN v_budgets.amount IS 'US dollars that may be spent in each period; empty where there is no limit any more.';
COMMENT ON COLUMN v_budgets.period IS 'day, month (in UTC), or total for all time.';
COMMENT ON COLUMN v_budgets.by_house IS 'Whether those who run the service have set it, so that the tenant cannot change it.';
COMMENT ON COLUMN v_budgets.starts_on IS 'The first day of the period of now, in UTC; empty where the period is all time.';
COMMENT ON COLUMN v_budgets.spent IS 'US dollars that were spent in it.';
COMMENT ON COLUMN v_budgets.reserved IS 'US dollars that are set aside in it for calls under way.';
COMMENT ON COLUMN v_budgets.remaining IS 'US dollars that may still be set aside in it; below 0 where calls cost more than was set aside for them.';
