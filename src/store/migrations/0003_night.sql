-- The night: slots and how jobs stand; runs get a queue, tries, parts and what asked for them.

CREATE TABLE run_3 (
    run_id          TEXT PRIMARY KEY,
    -- The run of a job that this one is a part of.
    parent          TEXT REFERENCES run_3 (run_id),
    what            TEXT NOT NULL,
    job             TEXT,
    planned         TEXT,
    business_date   TEXT NOT NULL,
    triggered_by    TEXT NOT NULL CHECK (triggered_by IN ('schedule', 'catchup', 'operator')),
    operator        TEXT NOT NULL,
    reason          TEXT NOT NULL,
    redoes          TEXT,
    -- What is to be done, as JSON; empty for a part of a run and for a command run in place.
    run_order       TEXT NOT NULL,
    -- queued, retrying (not before a time), interrupted and stopped wait for their turn; held waits for a
    -- person; running is under way or cut off; the others are the end.
    state           TEXT NOT NULL CHECK (state IN ('queued', 'running', 'retrying', 'held', 'succeeded',
                                                   'failed', 'interrupted', 'stopped', 'cancelled')),
    n_attempts      INTEGER NOT NULL CHECK (n_attempts >= 0),
    not_before      TEXT,
    fault_code      TEXT,
    fault_class     TEXT CHECK (fault_class IN ('retry', 'partner', 'operator', 'bug')),
    fault_text      TEXT,
    cancel_asked_by TEXT,
    queued_at       TEXT NOT NULL,
    started_at      TEXT,
    ended_at        TEXT
) STRICT, WITHOUT ROWID;

INSERT INTO run_3
SELECT run_id, NULL, what, NULL, NULL, business_date, 'operator', operator, '', NULL, '', state, 1, NULL,
       fault_code, fault_class, NULL, NULL, started_at, started_at, ended_at
FROM run;

CREATE TABLE step_3 (
    run_id      TEXT NOT NULL REFERENCES run_3 (run_id),
    step_no     INTEGER NOT NULL CHECK (step_no >= 1),
    name        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('running', 'succeeded', 'failed', 'interrupted', 'stopped',
                                               'held', 'cancelled')),
    outcome     TEXT NOT NULL,
    started_at  TEXT NOT NULL,
    duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),
    PRIMARY KEY (run_id, step_no)
) STRICT, WITHOUT ROWID;

INSERT INTO step_3 SELECT * FROM step;
DROP TABLE step;
DROP TABLE run;
ALTER TABLE run_3 RENAME TO run;
ALTER TABLE step_3 RENAME TO step;

CREATE INDEX run_open ON run (run_id)
    WHERE run_order <> '' AND state IN ('queued', 'running', 'retrying', 'held', 'interrupted', 'stopped');
CREATE INDEX run_held ON run (run_id) WHERE state = 'held' AND job IS NOT NULL;
CREATE INDEX run_by_date ON run (business_date, run_id) WHERE parent IS NULL;
CREATE INDEX run_by_job ON run (job, run_id) WHERE job IS NOT NULL;
CREATE INDEX run_by_parent ON run (parent, run_id) WHERE parent IS NOT NULL;

CREATE TABLE attempt (
    run_id      TEXT NOT NULL REFERENCES run (run_id),
    attempt_no  INTEGER NOT NULL CHECK (attempt_no >= 1),
    state       TEXT NOT NULL CHECK (state IN ('running', 'held', 'succeeded', 'failed', 'interrupted',
                                               'stopped', 'cancelled')),
    fault_code  TEXT,
    fault_class TEXT CHECK (fault_class IN ('retry', 'partner', 'operator', 'bug')),
    fault_text  TEXT,
    started_at  TEXT NOT NULL,
    ended_at    TEXT,
    PRIMARY KEY (run_id, attempt_no)
) STRICT, WITHOUT ROWID;

-- At most one row for each slot, for ever: that is what keeps it from running twice.
CREATE TABLE slot (
    job           TEXT NOT NULL,
    business_date TEXT NOT NULL,
    planned       TEXT NOT NULL,
    verdict       TEXT NOT NULL CHECK (verdict IN ('ontime', 'caughtup', 'skipped')),
    reason        TEXT NOT NULL,
    run_id        TEXT REFERENCES run (run_id),
    seen_at       TEXT NOT NULL,
    PRIMARY KEY (job, business_date, planned),
    CHECK (verdict = 'skipped' OR run_id IS NOT NULL),
    CHECK (verdict <> 'skipped' OR reason <> '')
) STRICT, WITHOUT ROWID;

CREATE INDEX slot_by_date ON slot (business_date, planned, job);

CREATE TABLE job (
    job               TEXT PRIMARY KEY,
    accounted_through TEXT,
    enabled           INTEGER CHECK (enabled IN (0, 1)),
    held_by           TEXT,
    held_because      TEXT,
    held_at           TEXT,
    CHECK ((held_by IS NULL) = (held_at IS NULL))
) STRICT, WITHOUT ROWID;
