-- What people are to be told, and what came of telling them.

CREATE TABLE alert (
    alert_no   INTEGER PRIMARY KEY,
    -- The condition it is about.
    key        TEXT NOT NULL,
    -- The alert as it was worded last, as JSON.
    content    TEXT NOT NULL,
    -- How often the condition was found.
    n_found    INTEGER NOT NULL CHECK (n_found >= 1),
    opened_at  TEXT NOT NULL,
    cleared_at TEXT
) STRICT;

CREATE UNIQUE INDEX alert_open ON alert (key) WHERE cleared_at IS NULL;

-- The outbox: one message of an alert for one channel.
CREATE TABLE alert_message (
    message_no INTEGER PRIMARY KEY,
    alert_no   INTEGER NOT NULL REFERENCES alert (alert_no),
    channel    TEXT NOT NULL CHECK (channel IN ('mail', 'command')),
    content    TEXT NOT NULL,
    -- waiting: to be told; told; lost: refused for good or given up.
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'told', 'lost'))
) STRICT;

CREATE INDEX alert_message_waiting ON alert_message (channel, message_no) WHERE state = 'waiting';
CREATE INDEX alert_message_of_alert ON alert_message (alert_no);

-- One try to tell; a summary tells several messages at once.
CREATE TABLE alert_delivery (
    delivery_no INTEGER PRIMARY KEY,
    channel     TEXT NOT NULL CHECK (channel IN ('mail', 'command')),
    at          TEXT NOT NULL,
    outcome     TEXT NOT NULL CHECK (outcome IN
                    ('sent', 'exited', 'refused', 'unreachable', 'timed-out', 'given-up')),
    exit_code   INTEGER CHECK ((outcome = 'exited') = (exit_code IS NOT NULL)),
    is_final    INTEGER CHECK ((outcome = 'refused') = (is_final IS NOT NULL)),
    words       TEXT NOT NULL,
    duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0)
) STRICT;

CREATE INDEX alert_delivery_of_channel ON alert_delivery (channel, delivery_no);

CREATE TABLE alert_delivered (
    message_no  INTEGER NOT NULL REFERENCES alert_message (message_no),
    delivery_no INTEGER NOT NULL REFERENCES alert_delivery (delivery_no),
    PRIMARY KEY (message_no, delivery_no)
) STRICT, WITHOUT ROWID;
