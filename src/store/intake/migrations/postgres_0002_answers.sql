-- Which receipts were handed out.
ALTER TABLE intake_set ADD COLUMN is_answered boolean NOT NULL DEFAULT false;
CREATE INDEX intake_set_unanswered ON intake_set (set_no) WHERE NOT is_answered;
