-- What a taker holds of others' interfaces. It may stand in the hub's database or in any other.
CREATE TABLE intake (
    intake_no  INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    -- Where the values of the rows held are; NULL where they are not kept.
    table_name TEXT,
    -- The last set taken in; NULL before the first.
    head_set   INTEGER
) STRICT;

-- Whose each table of values is. A table left behind by a version switch stays its intake's.
CREATE TABLE intake_table (
    name      TEXT PRIMARY KEY,
    intake_no INTEGER NOT NULL REFERENCES intake
) STRICT, WITHOUT ROWID;

CREATE TABLE intake_set (
    set_no         INTEGER PRIMARY KEY,
    intake_no      INTEGER NOT NULL REFERENCES intake,
    notice_name    TEXT NOT NULL,
    notice_sha256  BLOB NOT NULL CHECK (length(notice_sha256) = 32),
    content_sha256 BLOB CHECK (length(content_sha256) = 32),
    interface      TEXT,
    branch         TEXT,
    version        TEXT,
    feed           TEXT,
    kind           TEXT,
    sequence       INTEGER,
    business_date  TEXT,
    outcome        TEXT NOT NULL CHECK (outcome IN ('taken', 'repeated', 'passed', 'waiting', 'refused')),
    n_rows         INTEGER NOT NULL,
    n_added        INTEGER NOT NULL,
    n_changed      INTEGER NOT NULL,
    n_removed      INTEGER NOT NULL,
    n_unchanged    INTEGER NOT NULL,
    n_absent       INTEGER NOT NULL,
    n_warned       INTEGER NOT NULL,
    n_parked       INTEGER NOT NULL,
    receipt        TEXT NOT NULL,
    run_id         TEXT NOT NULL,
    noted_at       TEXT NOT NULL
) STRICT;
CREATE INDEX intake_set_by_intake ON intake_set (intake_no, set_no);
CREATE INDEX intake_set_taken ON intake_set (intake_no, feed, sequence) WHERE outcome = 'taken';

-- What was held after a set. Only the last few of an intake are kept.
CREATE TABLE intake_state (
    set_no    INTEGER PRIMARY KEY REFERENCES intake_set,
    intake_no INTEGER NOT NULL,
    n_rows    INTEGER NOT NULL,
    state     BLOB NOT NULL CHECK (length(state) = 8192)
) STRICT;
CREATE INDEX intake_state_by_intake ON intake_state (intake_no, set_no);

-- Every row held, parked ones too. By key, as rows come; by bucket, to open single buckets.
CREATE TABLE intake_row (
    intake_no INTEGER NOT NULL,
    key       BLOB NOT NULL,
    bucket    INTEGER NOT NULL CHECK (bucket BETWEEN 0 AND 255),
    sha256    BLOB NOT NULL CHECK (length(sha256) = 32),
    is_parked INTEGER NOT NULL CHECK (is_parked IN (0, 1)),
    PRIMARY KEY (intake_no, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX intake_row_by_bucket ON intake_row (intake_no, bucket);
