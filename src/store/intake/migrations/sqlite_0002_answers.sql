-- Which receipts were handed out.
ALTER TABLE intake_set ADD COLUMN is_answered INTEGER NOT NULL DEFAULT 0 CHECK (is_answered IN (0, 1));
CREATE INDEX intake_set_unanswered ON intake_set (set_no) WHERE is_answered = 0;
-- What became of a notice before.
CREATE INDEX intake_set_by_notice ON intake_set (intake_no, notice_sha256, set_no);
