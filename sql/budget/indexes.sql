-- What readers find charges by. The fold needs none of it, so it is made once the rows are loaded.
CREATE INDEX IF NOT EXISTS budget_charges_budget_id_day_idx ON budget_charges (budget_id, day);
