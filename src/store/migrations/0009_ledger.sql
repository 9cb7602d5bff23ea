-- What became of publications at their receivers. That they were published is in publication.
CREATE TABLE ledger (
    event_no       INTEGER PRIMARY KEY,
    feed           TEXT NOT NULL,
    sequence       INTEGER NOT NULL CHECK (sequence >= 1),
    receiver       TEXT NOT NULL,
    -- taken, repeated and passed: the receiver is done with it.
    kind           TEXT NOT NULL CHECK (kind IN
                       ('delivered', 'fetched', 'taken', 'repeated', 'passed', 'waiting', 'refused')),
    at             TEXT NOT NULL,
    -- What it came from, such as a receipt's bytes: one event for each.
    source_sha256  BLOB NOT NULL UNIQUE CHECK (length(source_sha256) = 32),
    -- Codes, with a space between; never a value of a row.
    reasons        TEXT NOT NULL,
    -- What the receiver held then, where it said.
    holds_sequence INTEGER CHECK (holds_sequence >= 1),
    state_rows     INTEGER CHECK (state_rows >= 0),
    state_sha256   BLOB CHECK (length(state_sha256) = 32),
    recorded_at    TEXT NOT NULL,
    CHECK ((state_rows IS NULL) = (state_sha256 IS NULL))
) STRICT;

CREATE INDEX ledger_by_receiver ON ledger (feed, receiver, sequence);
CREATE INDEX publication_by_stem ON publication (stem);
