//! What is SQLite's own: the file, its rights, its damage, its age, and what can be read in it.
#![expect(clippy::unwrap_used, reason = "a test may end so")]

#[path = "behaviour/town.rs"]
#[expect(dead_code, reason = "the behaviour suite uses the rest")]
mod town;

use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::time::Duration;

use renkei_core::CommitNo;
use renkei_core::port::{Numbers, RowSet, Store as _, StoreError};
use renkei_registry::RowKey;
use renkei_store::{NumberKey, OpenOptions, SqliteStore};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use town::{added, atena, changed, code, key, latest, load, moves, number_of, past, row_of, scan};

/// A folder with a database's path in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("renkei.db")
    }

    fn open(&self) -> SqliteStore {
        self.open_as("5a", "082201", true).unwrap()
    }

    fn open_as(&self, key: &str, municipality: &str, create: bool) -> Result<SqliteStore, StoreError> {
        self.open_waiting(Duration::ZERO, key, municipality, create)
    }

    fn open_waiting(
        &self,
        wait: Duration,
        key: &str,
        municipality: &str,
        create: bool,
    ) -> Result<SqliteStore, StoreError> {
        let options = OpenOptions {
            wait,
            key: NumberKey::from_hex(&key.repeat(32))?,
            municipality: municipality.parse().unwrap(),
            create,
        };
        SqliteStore::open(&self.path(), options)
    }

    fn sql(&self, sql: &str) {
        Connection::open(self.path()).unwrap().execute_batch(sql).unwrap();
    }
}

fn some_rows(n: u64) -> Vec<(RowKey, Vec<u8>)> {
    let text = "方書".repeat(100);
    (1..=n).map(|number| (key(number, 1, 0), latest(key(number, 1, 0), &text))).collect()
}

#[test]
fn a_new_file_is_its_owners_alone() {
    let place = Place::new();
    let store = place.open();
    load(&store, &some_rows(3)).unwrap();
    moves(&store, &[added(key(9, 1, 0), latest(key(9, 1, 0), ""))]).unwrap();
    let mut names = Vec::new();
    for entry in fs::read_dir(place.0.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["renkei.db", "renkei.db-shm", "renkei.db-wal"]);
}

#[test]
fn a_missing_file_is_made_only_when_asked() {
    let place = Place::new();
    assert_eq!(code(place.open_as("5a", "082201", false)), "store.unavailable");
    assert!(!place.path().exists());
    drop(place.open());
    assert_eq!(code(place.open_as("5a", "082201", false)), "ok");
}

#[test]
fn several_may_make_the_same_file_at_once() {
    for _ in 0..20 {
        let place = Place::new();
        std::thread::scope(|scope| {
            let open = || code(place.open_waiting(Duration::from_mins(1), "5a", "082201", true));
            let openings = [(); 4].map(|()| scope.spawn(open));
            assert_eq!(openings.map(|opening| opening.join().unwrap()), ["ok"; 4]);
        });
    }
}

#[test]
fn another_key_or_municipality_is_refused() {
    let place = Place::new();
    drop(place.open());
    assert_eq!(code(place.open_as("5b", "082201", true)), "store.wrong-key");
    let error = place.open_as("5a", "131016", true).unwrap_err();
    assert!(error.to_string().contains("it is of municipality 082201, not 131016"), "{error}");
    assert_eq!(code(place.open_as("5a", "082201", true)), "ok");
}

#[test]
fn a_later_schema_and_a_changed_migration_are_refused() {
    let place = Place::new();
    drop(place.open());
    place.sql("INSERT INTO schema_migration VALUES (99, 'of tomorrow', '')");
    assert_eq!(code(place.open_as("5a", "082201", true)), "store.too-new");
    place.sql(
        "DELETE FROM schema_migration WHERE no = 99; UPDATE schema_migration SET sha256 = 'x' WHERE no = 1",
    );
    assert_eq!(code(place.open_as("5a", "082201", true)), "store.corrupt");
}

#[test]
fn another_programs_database_is_left_alone() {
    let place = Place::new();
    place.sql("CREATE TABLE theirs (x)");
    assert_eq!(code(place.open_as("5a", "082201", true)), "store.unavailable");
    place.sql("SELECT * FROM theirs");
}

#[test]
fn an_older_database_is_brought_up_to_date_with_its_rows() {
    let place = Place::new();
    place.sql(include_str!("older_database_0001.sql"));
    let store = place.open();
    let snapshot = store.snapshot().unwrap();
    let (old, new) = (key(1, 1, 0), key(1, 2, 0));
    let other = row_of(key(2, 1, 0), true, "000000000000007", "b");
    assert_eq!(scan(&*snapshot, RowSet::History), [past(old, "a"), latest(new, "c"), other]);
    assert_eq!(snapshot.n_rows(RowSet::Latest).unwrap(), 2);
    assert_eq!(snapshot.rows_of(atena(1), CommitNo(1), Numbers::Clear).unwrap(), [latest(old, "a")]);
    assert_eq!(snapshot.head().unwrap(), CommitNo(2));
    assert!(snapshot.runs(9).unwrap().is_empty(), "the tables of later migrations are there");
    drop(snapshot);
    assert_eq!(moves(&store, &[changed(new, latest(new, "c"), latest(new, "d"))]).unwrap(), CommitNo(3));
}

#[test]
fn publications_of_an_older_database_keep_all_but_a_review() {
    let place = Place::new();
    place.sql(include_str!("older_database_0001.sql"));
    let second = include_str!("../migrations/0002_publications_runs_audit.sql");
    place.sql(second);
    let sha256 = renkei_core::Digest(Sha256::digest(second).into());
    place.sql(&format!(
        "INSERT INTO schema_migration VALUES (2, 'publications_runs_audit', '{sha256}');
         INSERT INTO publication
         SELECT value + 6, 'a', value, 'full', iif(value = 2, 'sealed', 'published'), 0, 2, '2026-10-02', zeroblob(32),
                '001/x', 'stem', 'notice', 0, zeroblob(8192), 'run', '2026-10-02T01:30:00+09:00'
         FROM (SELECT 1 AS value UNION ALL SELECT 2)"
    ));
    let store = place.open();
    let snapshot = store.snapshot().unwrap();
    let found = snapshot.publications(None, None).unwrap();
    let told: Vec<_> = found.iter().map(|one| (one.sequence.0, one.progress.as_str(), &one.review)).collect();
    assert_eq!(told, [(1, "published", &None), (2, "sealed", &None)]);
    assert_eq!(snapshot.feed_head(&"a".parse().unwrap()).unwrap().unwrap().sequence.0, 2);
    let numbers = Connection::open(place.path()).unwrap().query_row(
        "SELECT group_concat(publication_no) FROM publication",
        [],
        |row| row.get::<_, String>(0),
    );
    assert_eq!(numbers.unwrap(), "7,8", "the order of sealing is kept");
}

/// Runs, steps, publications and the audit of the first evening come through the tables that the scheduler and
/// the guard rebuilt.
#[test]
fn what_was_published_before_the_scheduler_stays_on_record() {
    let place = Place::new();
    place.sql(include_str!("older_database_0001.sql"));
    let second = include_str!("../migrations/0002_publications_runs_audit.sql");
    place.sql(second);
    let digest = renkei_core::Digest(Sha256::digest(second).into());
    place.sql(&format!("INSERT INTO schema_migration VALUES (2, 'publications_runs_audit', '{digest}')"));
    place.sql(
        "INSERT INTO run VALUES ('01a', 'generate 001o005-v1.1 --full', '2026-10-01', 'night', 'failed',
             'folder.full', 'operator', '2026-10-02T01:30:00+09:00', '2026-10-02T01:31:00+09:00');
         INSERT INTO run VALUES ('01b', 'generate 001o005-v1.1 --full', '2026-10-01', 'night', 'succeeded',
             NULL, NULL, '2026-10-02T02:30:00+09:00', '2026-10-02T02:31:00+09:00');
         INSERT INTO step VALUES ('01b', 1, 'stage', '001o005-v1.1', 'succeeded', '2 rows', '2026-10-02T02:30:00+09:00', 7);
         INSERT INTO publication VALUES (1, '001o005-v1.1', 1, 'full', 'published', 0, 2, '2026-10-01', zeroblob(32),
             '001/001o005-00/v1.1', 'stem', '{}', 2, zeroblob(8192), '01b', '2026-10-02T02:30:30+09:00');
         INSERT INTO audit VALUES (1, '2026-10-02T02:31:00+09:00', 'night', 'publish', '', 'ok', zeroblob(32));",
    );
    let store = place.open();
    let snapshot = store.snapshot().unwrap();
    let runs = snapshot.runs(9).unwrap();
    assert_eq!(runs.iter().map(|run| run.run_id.as_str()).collect::<Vec<_>>(), ["01b", "01a"]);
    assert_eq!(runs[1].fault_code.as_deref(), Some("folder.full"));
    assert_eq!((runs[1].started_at.as_deref(), runs[1].n_attempts), (Some("2026-10-02T01:30:00+09:00"), 1));
    assert!(snapshot.open_runs().unwrap().is_empty(), "what was done by hand is not queued");
    assert_eq!(snapshot.steps("01b").unwrap()[0].outcome, "2 rows");
    let published = snapshot.publications(None, None).unwrap();
    assert_eq!((published.len(), published[0].run_id.as_str()), (1, "01b"));
    assert_eq!(snapshot.feed_head(&"001o005-v1.1".parse().unwrap()).unwrap().unwrap().sequence.0, 1);
    assert_eq!(snapshot.audit(0, 9).unwrap().len(), 1);
}

/// Applies later migrations by hand, as the program of their time did.
fn migrate(place: &Place, migrations: &[(u32, &str, &str)]) {
    for (no, name, sql) in migrations {
        place.sql(sql);
        let digest = renkei_core::Digest(Sha256::digest(sql).into());
        place.sql(&format!("INSERT INTO schema_migration VALUES ({no}, '{name}', '{digest}')"));
    }
}

/// Deliveries and accepted host keys from before where they begin and what a key is accepted for were kept.
#[test]
fn deliveries_of_an_older_database_go_on_where_they_were() {
    let place = Place::new();
    place.sql(include_str!("older_database_0001.sql"));
    let until_then: &[(u32, &str, &str)] = &[
        (2, "publications_runs_audit", include_str!("../migrations/0002_publications_runs_audit.sql")),
        (3, "night", include_str!("../migrations/0003_night.sql")),
        (4, "held_publications", include_str!("../migrations/0004_held_publications.sql")),
        (5, "alerts", include_str!("../migrations/0005_alerts.sql")),
        (6, "change_keeps_before", include_str!("../migrations/0006_change_keeps_before.sql")),
        (7, "retention", include_str!("../migrations/0007_retention.sql")),
        (8, "transfer", include_str!("../migrations/0008_transfer.sql")),
        (9, "ledger", include_str!("../migrations/0009_ledger.sql")),
        (10, "access", include_str!("../migrations/0010_access.sql")),
        (11, "delivery", include_str!("../migrations/0011_delivery.sql")),
        (12, "mending", include_str!("../migrations/0012_mending.sql")),
    ];
    migrate(&place, until_then);
    // Of five publications the second was given first, the third stopped, the fourth is due; the fifth is new.
    place.sql(
        "INSERT INTO publication (feed, sequence, kind, progress, window_after, window_through, business_date,
                 layout_sha256, folder, stem, notice, state_rows, state, run_id, sealed_at)
         SELECT 'a', value, iif(value = 1, 'full', 'diff'), 'published', 0, 2, '2026-10-02', zeroblob(32), '001/x',
                'stem', 'notice', 0, zeroblob(8192), 'run', '2026-10-02T01:30:00+09:00'
         FROM (SELECT 1 AS value UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5);
         INSERT INTO delivery (feed, sequence, destination, receiver, state, n_tries, n_attempts, fault_code,
                 fault_class, n_bytes, since, delivered_at)
         VALUES ('a', 2, 'tax', '015', 'delivered', 1, 1, NULL, NULL, 9, '2026-10-02T01:30:00+09:00',
                 '2026-10-02T01:31:00+09:00'),
                ('a', 3, 'tax', '015', 'stopped', 1, 1, 'delivery.name-taken', 'operator', 9,
                 '2026-10-03T01:30:00+09:00', NULL),
                ('a', 4, 'tax', '015', 'due', 0, 0, NULL, NULL, 0, '2026-10-04T01:30:00+09:00', NULL);
         INSERT INTO delivery_attempt VALUES ('tax', 'a', 3, 1, 'scheduler', '2026-10-03T01:30:00+09:00',
                 '2026-10-03T01:31:00+09:00', 'delivery.name-taken', 'operator', 0, 1, 0);
         INSERT INTO destination_key VALUES (1, 'tax', 'SHA256:b', 'suzuki', '2026-10-01T09:00:00+09:00'),
                (2, 'tax', 'SHA256:a', 'suzuki', '2026-10-02T09:00:00+09:00');",
    );
    let store = place.open();
    let (feed, tax) = ("a".parse().unwrap(), "tax".parse().unwrap());
    let snapshot = store.snapshot().unwrap();
    let lines = snapshot.delivery_lines(Some(&tax), false).unwrap();
    let told: Vec<_> =
        lines.iter().map(|line| (line.sequence.0, line.state.as_str(), line.n_bytes)).collect();
    assert_eq!(told, [(2, "delivered", 9), (3, "stopped", 9), (4, "due", 0)]);
    let attempts = snapshot.delivery_attempts(&feed, renkei_core::Sequence(3), &tax).unwrap();
    assert_eq!((attempts.len(), attempts[0].n_files_there, &attempts[0].detail), (1, 1, &None));
    let keys = snapshot.trusted_keys(&tax).unwrap();
    let keys: Vec<_> = keys.iter().map(|key| (key.place.as_str(), key.fingerprint.as_str())).collect();
    assert_eq!(keys, [("", "SHA256:b"), ("", "SHA256:a")]);
    // The first was never given there, and is not now.
    let undelivered = || store.snapshot().unwrap().undelivered(&feed, &tax).unwrap();
    assert_eq!(undelivered(), [renkei_core::Sequence(5)]);
    drop(snapshot);
    let mut tx = store.begin().unwrap();
    assert_eq!(
        tx.remove_old_records(renkei_core::Moment::parse("2027-10-02T01:30:00+09:00").unwrap()).unwrap(),
        1
    );
    tx.commit().unwrap();
    assert_eq!(undelivered(), [renkei_core::Sequence(5)]);
}

/// Promise 8: no 個人番号 in clear anywhere in the files, at any time.
#[test]
fn no_number_stands_in_the_files() {
    let place = Place::new();
    let store = place.open();
    let rows = some_rows(50);
    load(&store, &rows).unwrap();
    let reader = store.snapshot().unwrap();
    for (key, row) in &rows {
        moves(&store, &[changed(*key, row.clone(), latest(*key, "moved"))]).unwrap();
    }
    let count = |needle: &[u8]| -> usize {
        let files = fs::read_dir(place.0.path()).unwrap();
        let bytes = files.map(|entry| fs::read(entry.unwrap().path()).unwrap());
        bytes.map(|bytes| bytes.windows(needle.len()).filter(|found| *found == needle).count()).sum()
    };
    let check = || {
        assert!(count("方書方書".as_bytes()) >= 50, "the rows are not where they are looked for");
        // The first nine digits are all residents'.
        assert_eq!(count(&number_of(atena(1)).as_bytes()[..9]), 0);
    };
    check();
    drop(reader);
    drop(store);
    check();
}

#[test]
fn the_log_of_a_load_is_given_back() {
    let place = Place::new();
    let store = place.open();
    load(&store, &some_rows(5_000)).unwrap();
    assert_eq!(fs::metadata(place.0.path().join("renkei.db-wal")).unwrap().len(), 0);
    assert!(fs::metadata(place.path()).unwrap().len() > 3_000_000);
}

#[test]
fn a_load_under_a_readers_eyes_is_there_all_the_same() {
    let place = Place::new();
    let store = place.open();
    let before = store.snapshot().unwrap();
    load(&store, &some_rows(100)).unwrap();
    assert!(scan(&*before, RowSet::Latest).is_empty());
    assert_eq!(store.snapshot().unwrap().n_rows(RowSet::Latest).unwrap(), 100);
}

#[test]
fn damage_is_told_as_damage() {
    let check = |damage: &dyn Fn(&fs::File, u64)| {
        let place = Place::new();
        load(&place.open(), &some_rows(1_000)).unwrap();
        let file = fs::OpenOptions::new().write(true).open(place.path()).unwrap();
        damage(&file, file.metadata().unwrap().len());
        let found = place.open_as("5a", "082201", false).and_then(|store| {
            let snapshot = store.snapshot()?;
            snapshot.scan(RowSet::History, Numbers::Clear, &mut |_| ControlFlow::Continue(()))
        });
        code(found)
    };
    assert_eq!(check(&|_, _| {}), "ok");
    assert_eq!(check(&|file, _| file.write_all_at(&[0x42; 100], 0).unwrap()), "store.corrupt");
    assert_eq!(check(&|file, bytes| file.set_len(bytes / 2).unwrap()), "store.corrupt");
    let wipe_middle = |file: &fs::File, bytes| file.write_all_at(&vec![0x42; 65_536], bytes / 2).unwrap();
    assert_eq!(check(&wipe_middle), "store.corrupt");
}

#[test]
fn a_number_moved_to_another_resident_is_damage() {
    let place = Place::new();
    load(&place.open(), &some_rows(2)).unwrap();
    place.sql(
        "UPDATE current_row SET packed = (SELECT packed FROM current_row WHERE resident_key % 10 = 2)
         WHERE resident_key % 10 = 1",
    );
    let store = place.open();
    let snapshot = store.snapshot().unwrap();
    let opened = snapshot.rows_of(atena(1), CommitNo(1), Numbers::Clear);
    assert_eq!(code(opened), "store.corrupt");
    assert_eq!(code(snapshot.rows_of(atena(2), CommitNo(1), Numbers::Clear)), "ok");
}

#[test]
fn what_a_case_held_leaves_database_and_log_while_both_are_open() {
    use renkei_core::Digest as FileDigest;
    use renkei_core::port::{TransferContent, TransferRecord, TransferSource};
    use renkei_core::transfer::{CaseKind, CaseNo, CaseState, Certificate, Content, Field, Standing};

    let place = Place::new();
    let store = place.open();
    let state = CaseState::Received;
    let standing = Standing { kind: CaseKind::CsMoveIn, state, certificate: Certificate::None };
    let at = "2026-10-02T01:30:00+09:00".to_owned();
    let mut tx = store.begin().unwrap();
    // Long enough for pages of its own, and many, so that pages are parted.
    for row_no in 1..=60 {
        let mut raw = Content::default();
        raw.set(Field::find("shimei").unwrap(), &"\u{5c71}".repeat(if row_no % 3 == 0 { 3_000 } else { 30 }));
        let record = TransferRecord {
            case_no: CaseNo(0),
            standing,
            source_sha256: FileDigest([3; 32]),
            row_no,
            is_protected: false,
            commit_no: None,
            received_at: at.clone(),
            changed_at: at.clone(),
            counts_from: None,
        };
        let content = TransferContent { raw, verified: None, comparison: None };
        tx.add_transfer_case(&record, &content).unwrap();
    }
    tx.add_transfer_source(&TransferSource {
        sha256: FileDigest([3; 32]),
        file: "x.csv".to_owned(),
        first_case: CaseNo(1),
        n_cases: 60,
        operator: "tester".to_owned(),
        taken_in_at: at,
    })
    .unwrap();
    tx.commit().unwrap();
    let sealed = |case_no: u32| -> Vec<u8> {
        let sql = "SELECT sealed FROM transfer_content WHERE case_no = ?1";
        let database = Connection::open(place.path()).unwrap();
        database.query_row(sql, [case_no], |row| row.get(0)).unwrap()
    };
    let contents: Vec<Vec<u8>> = (1..=60).map(sealed).collect();
    // Written over once more, as a comparison does.
    let mut tx = store.begin().unwrap();
    for case_no in (1..=60).map(CaseNo) {
        let mut content = tx.transfer_content(case_no).unwrap().unwrap();
        content.verified = Some(content.raw.clone());
        tx.put_transfer_content(case_no, &content).unwrap();
    }
    tx.commit().unwrap();
    let later: Vec<Vec<u8>> = (1..=60).map(sealed).collect();
    let files = || {
        let entries = fs::read_dir(place.0.path()).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| fs::read(path).unwrap()).collect::<Vec<_>>()
    };
    let stands = |files: &[Vec<u8>], bytes: &[u8]| {
        files.iter().any(|file| file.windows(bytes.len()).any(|window| window == bytes))
    };
    assert!(later.iter().all(|bytes| stands(&files(), &bytes[..24])));
    let mut tx = store.begin().unwrap();
    (1..=60).for_each(|case_no| tx.erase_transfer_content(CaseNo(case_no)).unwrap());
    tx.commit().unwrap();
    let files = files();
    for bytes in contents.iter().chain(&later) {
        let parts = [&bytes[..24], &bytes[bytes.len() / 2..][..24], &bytes[bytes.len() - 24..]];
        assert!(parts.into_iter().all(|part| !stands(&files, part)), "a part of what was erased is left");
    }
}
