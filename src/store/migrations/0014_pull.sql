-- What is fetched from partners' servers: how each source stands, and the files that came.
CREATE TABLE pull_source (
    source        TEXT PRIMARY KEY,
    looked_at     TEXT,
    pulled_at     TEXT,
    n_sets        INTEGER NOT NULL CHECK (n_sets >= 0),
    n_unfinished  INTEGER NOT NULL CHECK (n_unfinished >= 0),
    n_tries       INTEGER NOT NULL CHECK (n_tries >= 0),
    next_at       TEXT,
    is_stopped    INTEGER NOT NULL CHECK (is_stopped IN (0, 1)),
    fault_code    TEXT,
    fault_class   TEXT CHECK (fault_class IN ('retry', 'partner', 'operator', 'bug')),
    failing_since TEXT,
    detail        TEXT,
    CHECK ((fault_code IS NULL) = (fault_class IS NULL)),
    CHECK ((fault_code IS NULL) = (failing_since IS NULL)),
    CHECK (next_at IS NULL OR is_stopped = 0)
) STRICT, WITHOUT ROWID;

-- A file as it stood at the source when its set was fetched. What stands there unchanged is not fetched again.
CREATE TABLE pulled_file (
    source     TEXT NOT NULL,
    folder     TEXT NOT NULL,
    name       TEXT NOT NULL,
    -- The notice of its set; its own name where it is one.
    notice     TEXT NOT NULL,
    n_bytes    INTEGER NOT NULL CHECK (n_bytes >= 0),
    -- Unix seconds by the server's clock; NULL where it does not say.
    changed_at INTEGER,
    sha256     TEXT NOT NULL,
    -- 0 from just before the notice gets its name until it has it.
    is_here    INTEGER NOT NULL CHECK (is_here IN (0, 1)),
    at         TEXT NOT NULL,
    PRIMARY KEY (source, folder, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX pulled_set ON pulled_file (source, folder, notice);
