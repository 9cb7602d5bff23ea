-- A line of the change log keeps the row as it was. What it became is the row before the next change of its
-- key, or the row that stands, so it need not be kept here too.
CREATE TABLE slim_change (
    change_no    INTEGER PRIMARY KEY,
    commit_no    INTEGER NOT NULL REFERENCES commits (commit_no),
    resident_key INTEGER NOT NULL,
    rireki_no    INTEGER NOT NULL,
    eda_no       INTEGER NOT NULL,
    -- NULL for a new row.
    before       BLOB,
    UNIQUE (commit_no, resident_key, rireki_no, eda_no)
) STRICT;

INSERT INTO slim_change SELECT change_no, commit_no, resident_key, rireki_no, eda_no, before FROM change;
DROP TABLE change;
ALTER TABLE slim_change RENAME TO change;
CREATE INDEX change_by_resident ON change (resident_key, commit_no);
