-- What was published, what ran, and who did what.

CREATE TABLE publication (
    -- In the order of sealing, over all feeds.
    publication_no INTEGER PRIMARY KEY,
    feed           TEXT NOT NULL,
    sequence       INTEGER NOT NULL CHECK (sequence >= 1),
    -- full and diff move the state of the feed; single and asof do not.
    kind           TEXT NOT NULL CHECK (kind IN ('full', 'diff', 'single', 'asof')),
    -- sealed: number, digests and notice are fixed, files are on their way; published: they stand.
    progress       TEXT NOT NULL CHECK (progress IN ('sealed', 'published')),
    window_after   INTEGER NOT NULL CHECK (window_after >= 0),
    window_through INTEGER NOT NULL CHECK (window_through >= window_after),
    business_date  TEXT NOT NULL,
    layout_sha256  BLOB NOT NULL CHECK (length(layout_sha256) = 32),
    folder         TEXT NOT NULL,
    stem           TEXT NOT NULL,
    notice         TEXT NOT NULL,
    state_rows     INTEGER NOT NULL,
    state          BLOB NOT NULL CHECK (length(state) = 8192),
    run_id         TEXT NOT NULL,
    sealed_at      TEXT NOT NULL,
    UNIQUE (feed, sequence)
) STRICT;

CREATE INDEX publication_unsettled ON publication (publication_no) WHERE progress = 'sealed';

CREATE TABLE run (
    run_id        TEXT PRIMARY KEY,
    what          TEXT NOT NULL,
    business_date TEXT NOT NULL,
    operator      TEXT NOT NULL,
    -- running: under way or cut off; interrupted: found cut off at a later start.
    state         TEXT NOT NULL CHECK (state IN ('running', 'succeeded', 'failed', 'interrupted')),
    fault_code    TEXT,
    fault_class   TEXT CHECK (fault_class IN ('retry', 'partner', 'operator', 'bug')),
    started_at    TEXT NOT NULL,
    ended_at      TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE step (
    run_id      TEXT NOT NULL REFERENCES run (run_id),
    step_no     INTEGER NOT NULL CHECK (step_no >= 1),
    name        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('running', 'succeeded', 'failed', 'interrupted')),
    outcome     TEXT NOT NULL,
    started_at  TEXT NOT NULL,
    duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),
    PRIMARY KEY (run_id, step_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    audit_no     INTEGER PRIMARY KEY CHECK (audit_no >= 1),
    at           TEXT NOT NULL,
    operator     TEXT NOT NULL,
    action       TEXT NOT NULL,
    reason       TEXT NOT NULL,
    result       TEXT NOT NULL,
    -- SHA-256 over the chain value of the line before and the fields of this line.
    chain_sha256 BLOB NOT NULL CHECK (length(chain_sha256) = 32)
) STRICT;
