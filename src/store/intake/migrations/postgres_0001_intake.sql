-- What a taker holds of others' interfaces, in a database that may be a consuming system's.
CREATE TABLE intake (
    intake_no  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    -- Where the values of the rows held are; NULL where they are not kept.
    table_name text,
    -- The last set taken in; NULL before the first.
    head_set   bigint
);

-- Whose each table of values is. A table left behind by a version switch stays its intake's.
CREATE TABLE intake_table (
    name      text PRIMARY KEY,
    intake_no bigint NOT NULL REFERENCES intake
);

CREATE TABLE intake_set (
    set_no         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    intake_no      bigint NOT NULL REFERENCES intake,
    notice_name    text NOT NULL,
    notice_sha256  bytea NOT NULL CHECK (length(notice_sha256) = 32),
    content_sha256 bytea CHECK (length(content_sha256) = 32),
    interface      text,
    branch         text,
    version        text,
    feed           text,
    kind           text,
    sequence       bigint,
    business_date  text,
    outcome        text NOT NULL CHECK (outcome IN ('taken', 'repeated', 'passed', 'waiting', 'refused')),
    n_rows         bigint NOT NULL,
    n_added        bigint NOT NULL,
    n_changed      bigint NOT NULL,
    n_removed      bigint NOT NULL,
    n_unchanged    bigint NOT NULL,
    n_absent       bigint NOT NULL,
    n_warned       bigint NOT NULL,
    n_parked       bigint NOT NULL,
    receipt        text NOT NULL,
    run_id         text NOT NULL,
    noted_at       text NOT NULL
);
CREATE INDEX intake_set_by_intake ON intake_set (intake_no, set_no);
CREATE INDEX intake_set_taken ON intake_set (intake_no, feed, sequence) WHERE outcome = 'taken';

-- What was held after a set. Only the last few of an intake are kept.
CREATE TABLE intake_state (
    set_no    bigint PRIMARY KEY REFERENCES intake_set,
    intake_no bigint NOT NULL,
    n_rows    bigint NOT NULL,
    state     bytea NOT NULL CHECK (length(state) = 8192)
);
CREATE INDEX intake_state_by_intake ON intake_state (intake_no, set_no);

-- Every row held, parked ones too. By key, as rows come; by bucket, to open single buckets.
CREATE TABLE intake_row (
    intake_no bigint NOT NULL,
    key       bytea NOT NULL,
    bucket    smallint NOT NULL CHECK (bucket BETWEEN 0 AND 255),
    sha256    bytea NOT NULL CHECK (length(sha256) = 32),
    is_parked boolean NOT NULL,
    PRIMARY KEY (intake_no, key)
);
CREATE INDEX intake_row_by_bucket ON intake_row (intake_no, bucket);
