-- What destinations are given, beyond the hub's own folders: one line for each publication and destination.
CREATE TABLE delivery (
    feed         TEXT NOT NULL,
    sequence     INTEGER NOT NULL CHECK (sequence >= 1),
    destination  TEXT NOT NULL,
    receiver     TEXT NOT NULL,
    -- due: to be tried; stopped: a person must look; given-up: a person decided that it is not given.
    state        TEXT NOT NULL CHECK (state IN ('due', 'delivered', 'stopped', 'given-up')),
    -- Tries since it became due last time, and in all.
    n_tries      INTEGER NOT NULL CHECK (n_tries >= 0),
    n_attempts   INTEGER NOT NULL CHECK (n_attempts >= n_tries),
    next_at      TEXT,
    fault_code   TEXT,
    fault_class  TEXT CHECK (fault_class IN ('retry', 'partner', 'operator', 'bug')),
    n_bytes      INTEGER NOT NULL CHECK (n_bytes >= 0),
    since        TEXT NOT NULL,
    delivered_at TEXT,
    PRIMARY KEY (destination, feed, sequence),
    CHECK ((fault_code IS NULL) = (fault_class IS NULL)),
    CHECK (state <> 'delivered' OR delivered_at IS NOT NULL),
    CHECK (next_at IS NULL OR state = 'due')
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_open ON delivery (destination, feed, sequence) WHERE state IN ('due', 'stopped');

-- One row for each try.
CREATE TABLE delivery_attempt (
    destination   TEXT NOT NULL,
    feed          TEXT NOT NULL,
    sequence      INTEGER NOT NULL,
    attempt_no    INTEGER NOT NULL CHECK (attempt_no >= 1),
    operator      TEXT NOT NULL,
    started_at    TEXT NOT NULL,
    -- NULL while it is under way, or where the process ended in it.
    ended_at      TEXT,
    fault_code    TEXT,
    fault_class   TEXT CHECK (fault_class IN ('retry', 'partner', 'operator', 'bug')),
    n_files_sent  INTEGER NOT NULL CHECK (n_files_sent >= 0),
    n_files_there INTEGER NOT NULL CHECK (n_files_there >= 0),
    n_bytes_sent  INTEGER NOT NULL CHECK (n_bytes_sent >= 0),
    PRIMARY KEY (destination, feed, sequence, attempt_no),
    FOREIGN KEY (destination, feed, sequence) REFERENCES delivery (destination, feed, sequence),
    CHECK ((fault_code IS NULL) = (fault_class IS NULL))
) STRICT, WITHOUT ROWID;

-- Host keys that an operator accepted.
CREATE TABLE destination_key (
    key_no      INTEGER PRIMARY KEY,
    destination TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    operator    TEXT NOT NULL,
    at          TEXT NOT NULL,
    UNIQUE (destination, fingerprint)
) STRICT;
