-- Cases of online move-outs and transfer certificate information.

-- A file that was taken in; the same bytes are known again.
CREATE TABLE transfer_source (
    sha256      BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    file        TEXT NOT NULL,
    first_case  INTEGER NOT NULL CHECK (first_case >= 1),
    n_cases     INTEGER NOT NULL CHECK (n_cases >= 1),
    operator    TEXT NOT NULL,
    taken_in_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: a number is never given again.
CREATE TABLE transfer_case (
    case_no       INTEGER PRIMARY KEY AUTOINCREMENT,
    kind          TEXT NOT NULL CHECK (kind IN ('oss-move-out', 'cs-move-in')),
    -- received, compared, verified, then applied or rejected, at last erased.
    state         TEXT NOT NULL CHECK (state IN
                      ('received', 'compared', 'verified', 'applied', 'rejected', 'erased')),
    outcome       TEXT CHECK (outcome IN ('matched', 'differs', 'not-found', 'ambiguous')),
    source_sha256 BLOB NOT NULL REFERENCES transfer_source (sha256),
    row_no        INTEGER NOT NULL CHECK (row_no >= 1),
    is_protected  INTEGER NOT NULL CHECK (is_protected IN (0, 1)),
    commit_no     INTEGER REFERENCES commits (commit_no),
    received_at   TEXT NOT NULL,
    changed_at    TEXT NOT NULL,
    -- From when the time of keeping counts; set when it is applied or rejected.
    counts_from   TEXT,
    UNIQUE (source_sha256, row_no),
    CHECK ((state = 'compared') = (outcome IS NOT NULL)),
    CHECK (state NOT IN ('applied', 'rejected', 'erased') OR counts_from IS NOT NULL),
    CHECK (state <> 'erased' OR is_protected = 0)
) STRICT;

CREATE INDEX transfer_case_unerased ON transfer_case (case_no) WHERE state <> 'erased';

-- What a case holds of the person: JSON, sealed as a whole under the hub's key. A table of its own, so that its
-- pages hold nothing else and are written with secure_delete only. NULL once erased; the line stays.
CREATE TABLE transfer_content (
    case_no INTEGER PRIMARY KEY REFERENCES transfer_case (case_no),
    sealed  BLOB
) STRICT;

-- What happened to a case. Nothing personal; it stays when the content goes.
CREATE TABLE transfer_event (
    case_no  INTEGER NOT NULL REFERENCES transfer_case (case_no),
    event_no INTEGER NOT NULL CHECK (event_no >= 1),
    at       TEXT NOT NULL,
    operator TEXT NOT NULL,
    event    TEXT NOT NULL,
    reason   TEXT NOT NULL,
    result   TEXT NOT NULL,
    PRIMARY KEY (case_no, event_no)
) STRICT, WITHOUT ROWID;

-- A file of a case on its way: due, then sending (staged; about to be moved), then sent. Never back.
CREATE TABLE transfer_handover (
    case_no       INTEGER NOT NULL REFERENCES transfer_case (case_no),
    -- cs, or the system that prepares.
    receiver      TEXT NOT NULL,
    folder        TEXT NOT NULL,
    stem          TEXT NOT NULL,
    with_number   INTEGER NOT NULL CHECK (with_number IN (0, 1)),
    state         TEXT NOT NULL CHECK (state IN ('due', 'sending', 'sent')),
    file_bytes    INTEGER,
    file_sha256   BLOB,
    notice_bytes  INTEGER,
    notice_sha256 BLOB,
    changed_at    TEXT NOT NULL,
    PRIMARY KEY (case_no, receiver),
    CHECK ((state = 'due') = (file_sha256 IS NULL) AND (state = 'due') = (notice_sha256 IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX transfer_handover_open ON transfer_handover (case_no) WHERE state <> 'sent';
