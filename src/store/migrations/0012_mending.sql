-- What was published for one receiver alone, to bring it to what its feed holds; and what came of comparing.
CREATE TABLE mending (
    mending_no    INTEGER PRIMARY KEY,
    feed          TEXT NOT NULL,
    receiver      TEXT NOT NULL,
    -- The publication whose state it leads to, and the one it builds on.
    sequence      INTEGER NOT NULL CHECK (sequence >= 1),
    base_sequence INTEGER NOT NULL CHECK (base_sequence BETWEEN 1 AND sequence),
    progress      TEXT NOT NULL CHECK (progress IN ('sealed', 'published')),
    folder        TEXT NOT NULL,
    stem          TEXT NOT NULL,
    notice        TEXT NOT NULL,
    run_id        TEXT NOT NULL UNIQUE,
    sealed_at     TEXT NOT NULL
) STRICT;

CREATE INDEX mending_by_receiver ON mending (feed, receiver, sequence);
CREATE INDEX mending_unsettled ON mending (mending_no) WHERE progress = 'sealed';

CREATE TABLE reconciliation (
    reconciliation_no INTEGER PRIMARY KEY,
    feed              TEXT NOT NULL,
    receiver          TEXT NOT NULL,
    -- As of which publication both sides were compared.
    sequence          INTEGER NOT NULL CHECK (sequence >= 1),
    rows_here         INTEGER NOT NULL CHECK (rows_here >= 0),
    rows_there        INTEGER NOT NULL CHECK (rows_there >= 0),
    n_buckets         INTEGER NOT NULL CHECK (n_buckets BETWEEN 0 AND 256),
    is_same           INTEGER NOT NULL CHECK (is_same IN (0, 1)),
    -- Of what the receiver said, and when it came in.
    source_sha256     BLOB NOT NULL CHECK (length(source_sha256) = 32),
    at                TEXT NOT NULL
) STRICT;

CREATE INDEX reconciliation_by_receiver ON reconciliation (feed, receiver, reconciliation_no);
