-- Which receipts were handed out.
ALTER TABLE intake_set ADD COLUMN is_answered boolean NOT NULL DEFAULT false;
CREATE INDEX intake_set_unanswered ON intake_set (set_no) WHERE NOT is_answered;
-- What became of a notice before.
CREATE INDEX intake_set_by_notice ON intake_set (intake_no, notice_sha256, set_no);
