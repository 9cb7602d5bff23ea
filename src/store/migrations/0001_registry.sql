-- The registry: rows, the change log, commits.

-- Whose database it is. resident_key below is municipality_no * 10^15 + 宛名番号.
CREATE TABLE municipality (
    municipality_no  INTEGER PRIMARY KEY CHECK (municipality_no BETWEEN 1 AND 9000),
    code             TEXT NOT NULL UNIQUE CHECK (length(code) = 6),
    -- What the key for 個人番号 makes of a fixed text: tells a wrong key before it harms.
    number_key_check BLOB NOT NULL,
    -- Rows in current_row and past_row, kept with every commit: counting 1 GB of rows takes seconds.
    n_current        INTEGER NOT NULL DEFAULT 0 CHECK (n_current >= 0),
    n_past           INTEGER NOT NULL DEFAULT 0 CHECK (n_past >= 0)
) STRICT;

-- The row with 最新フラグ of each resident.
CREATE TABLE current_row (
    resident_key INTEGER PRIMARY KEY,
    rireki_no    INTEGER NOT NULL,
    eda_no       INTEGER NOT NULL,
    setai_no     TEXT,
    last_commit  INTEGER NOT NULL,
    packed       BLOB NOT NULL
) STRICT;

CREATE INDEX current_row_by_household ON current_row (setai_no) WHERE setai_no IS NOT NULL;

-- Every other row.
CREATE TABLE past_row (
    resident_key INTEGER NOT NULL,
    rireki_no    INTEGER NOT NULL,
    eda_no       INTEGER NOT NULL,
    last_commit  INTEGER NOT NULL,
    packed       BLOB NOT NULL,
    PRIMARY KEY (resident_key, rireki_no, eda_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE commits (
    commit_no     INTEGER PRIMARY KEY CHECK (commit_no >= 1),
    -- load: the first load, always commit 1, without lines in change; moves: a set of moves.
    kind          TEXT NOT NULL CHECK (kind IN ('load', 'moves')),
    n_moves       INTEGER NOT NULL CHECK (n_moves >= 0),
    n_row_changes INTEGER NOT NULL CHECK (n_row_changes >= 0),
    source_sha256 BLOB NOT NULL CHECK (length(source_sha256) = 32),
    operator      TEXT NOT NULL,
    committed_at  TEXT NOT NULL,
    CHECK (kind <> 'load' OR commit_no = 1)
) STRICT;

-- What each commit made of each row: before is NULL for a new row, after for a removed one. Two rows of
-- 1 KiB fit a page here; in a WITHOUT ROWID table they would each need a page more.
CREATE TABLE change (
    change_no    INTEGER PRIMARY KEY,
    commit_no    INTEGER NOT NULL REFERENCES commits (commit_no),
    resident_key INTEGER NOT NULL,
    rireki_no    INTEGER NOT NULL,
    eda_no       INTEGER NOT NULL,
    before       BLOB,
    after        BLOB,
    UNIQUE (commit_no, resident_key, rireki_no, eda_no),
    CHECK (before IS NOT NULL OR after IS NOT NULL)
) STRICT;

CREATE INDEX change_by_resident ON change (resident_key, commit_no);
