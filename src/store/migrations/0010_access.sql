-- Accounts (接続者), by what they log in, and the rights that a hub administrator granted.
CREATE TABLE account (
    id            TEXT PRIMARY KEY,
    system        TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('enabled', 'disabled')),
    rule          TEXT NOT NULL CHECK (rule IN ('either', 'both')),
    -- argon2id in the PHC form, never a password.
    password_hash TEXT,
    changed_at    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE account_key (
    account      TEXT NOT NULL REFERENCES account (id),
    key_no       INTEGER NOT NULL CHECK (key_no >= 0),
    -- As it travels (RFC 4253, 6.6).
    key          BLOB NOT NULL,
    comment      TEXT NOT NULL,
    -- Networks with a space between; empty for anywhere.
    from_networks TEXT NOT NULL,
    until        TEXT,
    PRIMARY KEY (account, key_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE account_address (
    account    TEXT NOT NULL REFERENCES account (id),
    address_no INTEGER NOT NULL CHECK (address_no >= 0),
    network    TEXT NOT NULL,
    PRIMARY KEY (account, address_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE access_grant (
    grant_no     INTEGER PRIMARY KEY AUTOINCREMENT,
    grantee_kind TEXT NOT NULL CHECK (grantee_kind IN ('system', 'account')),
    grantee      TEXT NOT NULL,
    folder       TEXT NOT NULL,
    rights       TEXT NOT NULL,
    granted_at   TEXT NOT NULL,
    granted_by   TEXT NOT NULL,
    reason       TEXT NOT NULL CHECK (reason <> ''),
    -- When it was taken back, or another took its place; the line stays.
    ended_at     TEXT,
    ended_by     TEXT,
    end_reason   TEXT,
    CHECK ((ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (end_reason IS NULL))
) STRICT;

CREATE UNIQUE INDEX access_grant_standing ON access_grant (grantee_kind, grantee, folder) WHERE ended_at IS NULL;
