-- Where a feed's deliveries to a destination begin, fixed with its first line. What is older is given only where a
-- person asks for it by name.
CREATE TABLE delivery_start (
    destination TEXT NOT NULL,
    feed        TEXT NOT NULL,
    sequence    INTEGER NOT NULL CHECK (sequence >= 1),
    PRIMARY KEY (destination, feed)
) STRICT, WITHOUT ROWID;

INSERT INTO delivery_start (destination, feed, sequence)
SELECT destination, feed, min(sequence) FROM delivery GROUP BY destination, feed;

-- Why a try failed, in plain words.
ALTER TABLE delivery_attempt ADD COLUMN detail TEXT;

-- A host key is accepted for a host and port; '' is one accepted before that was kept, for wherever the destination is.
CREATE TABLE destination_key_placed (
    key_no      INTEGER PRIMARY KEY,
    destination TEXT NOT NULL,
    place       TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    operator    TEXT NOT NULL,
    at          TEXT NOT NULL,
    UNIQUE (destination, place, fingerprint)
) STRICT;

INSERT INTO destination_key_placed (key_no, destination, place, fingerprint, operator, at)
SELECT key_no, destination, '', fingerprint, operator, at FROM destination_key;

DROP TABLE destination_key;

ALTER TABLE destination_key_placed RENAME TO destination_key;
