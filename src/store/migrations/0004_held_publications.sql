-- Publications that wait for a release, and the review kept with each. The sequence of a discarded one is given
-- again, so it is unique only among the others; publication_no stays what it was.

CREATE TABLE publication_with_review (
    -- In the order of sealing, over all feeds.
    publication_no INTEGER PRIMARY KEY,
    feed           TEXT NOT NULL,
    sequence       INTEGER NOT NULL CHECK (sequence >= 1),
    -- full and diff move the state of the feed; single and asof do not.
    kind           TEXT NOT NULL CHECK (kind IN ('full', 'diff', 'single', 'asof')),
    -- sealed: number, digests and notice are fixed, files are on their way; published: they stand;
    -- held: sealed, and its files wait on the stage for a release; discarded: held and given up.
    progress       TEXT NOT NULL CHECK (progress IN ('sealed', 'published', 'held', 'discarded')),
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
    -- JSON: counts by reason code, and the bounds exceeded; nothing personal.
    review         TEXT
) STRICT;

INSERT INTO publication_with_review
    SELECT publication_no, feed, sequence, kind, progress, window_after, window_through, business_date,
           layout_sha256, folder, stem, notice, state_rows, state, run_id, sealed_at, NULL
    FROM publication;

DROP TABLE publication;
ALTER TABLE publication_with_review RENAME TO publication;

CREATE UNIQUE INDEX publication_by_sequence ON publication (feed, sequence) WHERE progress <> 'discarded';
CREATE INDEX publication_unsettled ON publication (publication_no) WHERE progress IN ('sealed', 'held');
