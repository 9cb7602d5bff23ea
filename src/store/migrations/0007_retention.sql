-- What retention leaves behind: where the audit is proven from, and which publications' files were removed.

-- At most one row; none while the audit is proven from its first line.
CREATE TABLE audit_base (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    audit_no     INTEGER NOT NULL CHECK (audit_no >= 0),
    chain_sha256 BLOB NOT NULL CHECK (length(chain_sha256) = 32)
) STRICT;

-- NULL while its files are to stand in the folder, or were taken away by a receiver.
ALTER TABLE publication ADD COLUMN files_removed_at TEXT;
-- When it was given again last: from then on its files' time counts anew.
ALTER TABLE publication ADD COLUMN redelivered_at TEXT;

CREATE INDEX publication_standing ON publication (feed, sequence) WHERE files_removed_at IS NULL;
CREATE INDEX publication_by_run ON publication (run_id);
CREATE INDEX slot_by_run ON slot (run_id) WHERE run_id IS NOT NULL;
