-- A database as migration 0001 alone left it: two residents loaded, one move. Key 5a × 32.
CREATE TABLE schema_migration (no INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT;
CREATE TABLE municipality (
    municipality_no  INTEGER PRIMARY KEY CHECK (municipality_no BETWEEN 1 AND 9000),
    code             TEXT NOT NULL UNIQUE CHECK (length(code) = 6),
    -- What the key for 個人番号 makes of a fixed text: tells a wrong key before it harms.
    number_key_check BLOB NOT NULL,
    -- Rows in current_row and past_row, kept with every commit: counting 1 GB of rows takes seconds.
    n_current        INTEGER NOT NULL DEFAULT 0 CHECK (n_current >= 0),
    n_past           INTEGER NOT NULL DEFAULT 0 CHECK (n_past >= 0)
) STRICT;
CREATE TABLE current_row (
    resident_key INTEGER PRIMARY KEY,
    rireki_no    INTEGER NOT NULL,
    eda_no       INTEGER NOT NULL,
    setai_no     TEXT,
    last_commit  INTEGER NOT NULL,
    packed       BLOB NOT NULL
) STRICT;
CREATE TABLE past_row (
    resident_key INTEGER NOT NULL,
    rireki_no    INTEGER NOT NULL,
    eda_no       INTEGER NOT NULL,
    last_commit  INTEGER NOT NULL,
    packed       BLOB NOT NULL,
    PRIMARY KEY (resident_key, rireki_no, eda_no)
) STRICT, WITHOUT ROWID;
CREATE TABLE commits (
    commit_no     INTEGER PRIMARY KEY CHECK (commit_no >= 1),
    -- load: the first load, always commit 1, without lines in change; moves: a set of moves.
    kind          TEXT NOT NULL CHECK (kind IN ('load', 'moves')),
    n_moves       INTEGER NOT NULL CHECK (n_moves >= 0),
    n_row_changes INTEGER NOT NULL CHECK (n_row_changes >= 0),
    source_sha256 BLOB NOT NULL CHECK (length(source_sha256) = 32),
    operator      TEXT NOT NULL,
    committed_at  TEXT NOT NULL,
    CHECK (kind <> 'load' OR commit_no = 1)
) STRICT;
CREATE TABLE change (
    change_no    INTEGER PRIMARY KEY,
    commit_no    INTEGER NOT NULL REFERENCES commits (commit_no),
    resident_key INTEGER NOT NULL,
    rireki_no    INTEGER NOT NULL,
    eda_no       INTEGER NOT NULL,
    before       BLOB,
    after        BLOB,
    UNIQUE (commit_no, resident_key, rireki_no, eda_no),
    CHECK (before IS NOT NULL OR after IS NOT NULL)
) STRICT;
CREATE INDEX change_by_resident ON change (resident_key, commit_no);
CREATE INDEX current_row_by_household ON current_row (setai_no) WHERE setai_no IS NOT NULL;
INSERT INTO schema_migration VALUES (1, 'registry', 'b707de37e6ccf81ad30416a3445fa3c20a7b599fcc0d4454fdb19376b4052e68');
INSERT INTO municipality VALUES (1, '082201', X'c75bc5ceb818161e415664efe9a01397c114911486c304f0403092e66eb159d9878fc2aac17268', 2, 1);
INSERT INTO current_row VALUES (1000000000000001, 2, 0, NULL, 2, X'0101a0003c040000000080000000000000000000000000000f0101011c0130303030303030303030303030303132303136ca44ef5730c984088e217f9d23a4347d5872d831ac07606b8dce2f63');
INSERT INTO current_row VALUES (1000000000000002, 1, 0, '000000000000007', 1, X'0101a0007c040000000080000000000000000000000000000f0101010f1c01303030303030303030303030303032313031303030303030303030303030303037add2fc845a442088eb420edf09abbceb0f691cd3cb05ab54e91d754562');
INSERT INTO past_row VALUES (1000000000000001, 1, 0, 2, X'0101a0003c040000000080000000000000000000000000000f0101011c0130303030303030303030303030303131303036ca44ef5730c984088e217f9d23a4347d5872d831ac07606b8dce2f61');
INSERT INTO commits VALUES (1, 'load', 1, 1, X'0707070707070707070707070707070707070707070707070707070707070707', 'tester', '2026-10-02T01:30:00+09:00');
INSERT INTO commits VALUES (2, 'moves', 1, 1, X'0707070707070707070707070707070707070707070707070707070707070707', 'tester', '2026-10-02T01:30:00+09:00');
INSERT INTO change VALUES (1, 2, 1000000000000001, 1, 0, X'0101a0003c040000000080000000000000000000000000000f0101011c0130303030303030303030303030303131303136ca44ef5730c984088e217f9d23a4347d5872d831ac07606b8dce2f61', X'0101a0003c040000000080000000000000000000000000000f0101011c0130303030303030303030303030303131303036ca44ef5730c984088e217f9d23a4347d5872d831ac07606b8dce2f61');
INSERT INTO change VALUES (2, 2, 1000000000000001, 2, 0, NULL, X'0101a0003c040000000080000000000000000000000000000f0101011c0130303030303030303030303030303132303136ca44ef5730c984088e217f9d23a4347d5872d831ac07606b8dce2f63');
