//! Commits of moves, as one writer makes them.

use std::ops::ControlFlow;
use std::slice;

use renkei_core::port::{CommitKind, CommitRecord, Numbers, RowSet, Store};
use renkei_core::{CommitNo, Window};
use renkei_registry::{ItemNo, PackedReader, Values as _};

use super::town::{
    added, atena, changed, code, commit_record, key, latest, load, moves, moves_in, number_of, past, removed,
    row_of, scan, scan_as,
};
use super::{Fixture, PATIENT};

pub(crate) fn a_commit_is_there_after_opening_again<F: Fixture>() {
    let fixture = F::new();
    let row = latest(key(1, 1, 0), "a");
    let store = fixture.open(PATIENT);
    assert_eq!(store.snapshot().unwrap().head().unwrap(), CommitNo(0));
    assert_eq!(moves(&*store, &[added(key(1, 1, 0), row.clone())]).unwrap(), CommitNo(1));
    drop(store);
    let store = fixture.open(PATIENT);
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.head().unwrap(), CommitNo(1));
    assert_eq!(scan(&*snapshot, RowSet::Latest), [row]);
}

pub(crate) fn a_snapshot_does_not_see_later_commits<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let (first, second) = (latest(key(1, 1, 0), "a"), latest(key(1, 1, 0), "b"));
    moves(&*store, &[added(key(1, 1, 0), first.clone())]).unwrap();
    let before = store.snapshot().unwrap();
    moves(&*store, &[changed(key(1, 1, 0), first.clone(), second.clone())]).unwrap();
    let after = store.snapshot().unwrap();
    for (snapshot, head, row) in [(&before, 1, first), (&after, 2, second)] {
        assert_eq!(snapshot.head().unwrap(), CommitNo(head));
        assert_eq!(scan(&**snapshot, RowSet::Latest), slice::from_ref(&row));
        assert_eq!(snapshot.rows_of(atena(1), CommitNo(9), Numbers::Clear).unwrap(), [row]);
        assert_eq!(snapshot.commits(9).unwrap().len() as u64, head);
    }
}

pub(crate) fn a_dropped_transaction_leaves_nothing<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let row = latest(key(1, 1, 0), "a");
    let mut transaction = store.begin().unwrap();
    let changes = [added(key(1, 1, 0), row.clone())];
    moves_in(&mut *transaction, &changes).unwrap();
    drop(transaction);
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.head().unwrap(), CommitNo(0));
    assert_eq!(snapshot.n_rows(RowSet::History).unwrap(), 0);
    assert!(scan(&*snapshot, RowSet::History).is_empty());
    let window = Window { after: CommitNo(0), through: CommitNo(9) };
    assert!(snapshot.changed_residents(window).unwrap().is_empty());
    assert_eq!(moves(&*store, &changes).unwrap(), CommitNo(1), "its number is given again");
}

pub(crate) fn a_refused_commit_leaves_nothing_and_the_transaction_goes_on<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let rows = [1, 2].map(|number| latest(key(number, 1, 0), "a"));
    moves(&*store, &[added(key(1, 1, 0), rows[0].clone())]).unwrap();
    let mut transaction = store.begin().unwrap();
    let refused = moves_in(
        &mut *transaction,
        &[removed(key(1, 1, 0), rows[0].clone()), removed(key(2, 1, 0), rows[1].clone())],
    );
    assert_eq!(code(refused), "store.lost-update");
    assert_eq!(transaction.rows_of(atena(1)).unwrap(), [rows[0].clone()]);
    let taken = moves_in(&mut *transaction, &[added(key(2, 1, 0), rows[1].clone())]).unwrap();
    transaction.commit().unwrap();
    assert_eq!(taken, CommitNo(2));
    assert_eq!(scan(&*store.snapshot().unwrap(), RowSet::Latest), rows);
}

pub(crate) fn a_change_of_what_no_longer_stands_is_refused<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let (here, old) = (key(1, 2, 0), key(1, 1, 0));
    moves(&*store, &[added(here, latest(here, "a")), added(old, past(old, "x"))]).unwrap();
    for (what, changes) in [
        ("other bytes", vec![changed(here, latest(here, "b"), latest(here, "c"))]),
        ("other flag", vec![changed(here, past(here, "a"), latest(here, "c"))]),
        ("other past bytes", vec![removed(old, past(old, "y"))]),
        ("new over latest", vec![added(here, latest(here, "c"))]),
        ("new over latest, as past", vec![added(here, past(here, "c"))]),
        ("new over past", vec![added(old, past(old, "c"))]),
        ("nothing there", vec![removed(key(2, 1, 0), latest(key(2, 1, 0), "a"))]),
        ("one row twice", {
            let again = changed(here, latest(here, "b"), latest(here, "c"));
            vec![changed(here, latest(here, "a"), latest(here, "b")), again]
        }),
    ] {
        assert_eq!(code(moves(&*store, &changes)), "store.lost-update", "{what}");
    }
    let two = moves(&*store, &[added(key(1, 3, 0), latest(key(1, 3, 0), "second latest"))]);
    assert_eq!(code(two), "store.two-latest");
    let snapshot = store.snapshot().unwrap();
    assert_eq!(scan(&*snapshot, RowSet::History), [past(old, "x"), latest(here, "a")]);
    assert_eq!(snapshot.head().unwrap(), CommitNo(1));
}

pub(crate) fn the_latest_flag_passes_from_row_to_row_in_any_order<F: Fixture>() {
    for is_new_first in [true, false] {
        let fixture = F::new();
        let store = fixture.open(PATIENT);
        let (old, new) = (key(1, 1, 0), key(1, 2, 0));
        load(&*store, &[(old, latest(old, "a"))]).unwrap();
        let mut changes = [changed(old, latest(old, "a"), past(old, "a")), added(new, latest(new, "b"))];
        if is_new_first {
            changes.reverse();
        }
        moves(&*store, &changes).unwrap();
        let snapshot = store.snapshot().unwrap();
        assert_eq!(scan(&*snapshot, RowSet::Latest), [latest(new, "b")]);
        assert_eq!(scan(&*snapshot, RowSet::History), [past(old, "a"), latest(new, "b")]);
        assert_eq!(snapshot.n_rows(RowSet::Latest).unwrap(), 1);
        assert_eq!(snapshot.n_rows(RowSet::History).unwrap(), 2);
        let at_load = snapshot.rows_of(atena(1), CommitNo(1), Numbers::Clear).unwrap();
        assert_eq!(at_load, [latest(old, "a")]);
    }
}

pub(crate) fn a_transaction_sees_its_own_writes<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let (old, new) = (key(1, 1, 0), key(1, 2, 0));
    let mut transaction = store.begin().unwrap();
    assert!(transaction.rows_of(atena(1)).unwrap().is_empty());
    assert_eq!(moves_in(&mut *transaction, &[added(old, latest(old, "a"))]).unwrap(), CommitNo(1));
    let changes = [changed(old, latest(old, "a"), past(old, "a")), added(new, latest(new, "b"))];
    assert_eq!(moves_in(&mut *transaction, &changes).unwrap(), CommitNo(2));
    assert_eq!(transaction.rows_of(atena(1)).unwrap(), [past(old, "a"), latest(new, "b")]);
    assert_eq!(store.snapshot().unwrap().head().unwrap(), CommitNo(0));
    transaction.commit().unwrap();
    assert_eq!(store.snapshot().unwrap().head().unwrap(), CommitNo(2));
}

pub(crate) fn households_follow_their_members<F: Fixture>() {
    const HOME: &str = "000000000000007";
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let member = |number, setai_no: &str| row_of(key(number, 1, 0), true, setai_no, "");
    let loaded = [(3, HOME), (4, ""), (5, HOME), (6, "7")];
    load(&*store, &loaded.map(|(number, setai_no)| (key(number, 1, 0), member(number, setai_no)))).unwrap();
    let members = |store: &dyn Store, setai_no: &str| {
        let rows = store.begin().unwrap().household(setai_no).unwrap();
        let mut reader = PackedReader::new();
        let number = |row: &Vec<u8>| reader.read(row).unwrap().get(ItemNo::ATENA_NO).parse().unwrap();
        rows.iter().map(number).collect::<Vec<u64>>()
    };
    assert_eq!(members(&*store, HOME), [3, 5]);
    assert_eq!(members(&*store, "7"), [6], "as written, not as a number");
    assert!(members(&*store, "").is_empty(), "no household is not a household");
    let (old, new) = (key(3, 1, 0), key(3, 2, 0));
    let left = [
        changed(old, member(3, HOME), row_of(old, false, HOME, "")),
        added(new, row_of(new, true, "000000000000009", "")),
        changed(key(4, 1, 0), member(4, ""), member(4, HOME)),
    ];
    moves(&*store, &left).unwrap();
    assert_eq!(members(&*store, HOME), [4, 5]);
    assert_eq!(members(&*store, "000000000000009"), [3]);
    let (old, new) = (key(5, 1, 0), key(5, 2, 0));
    let stayed = row_of(new, true, HOME, "");
    let within = [changed(old, member(5, HOME), row_of(old, false, HOME, "")), added(new, stayed.clone())];
    moves(&*store, &within).unwrap();
    assert_eq!(members(&*store, HOME), [4, 5]);
    assert!(scan(&*store.snapshot().unwrap(), RowSet::Latest).contains(&stayed));
}

pub(crate) fn numbers_are_clear_only_when_asked_for<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let row = latest(key(1, 1, 0), "a");
    load(&*store, &[(key(1, 1, 0), row.clone())]).unwrap();
    moves(&*store, &[changed(key(1, 1, 0), row.clone(), latest(key(1, 1, 0), "b"))]).unwrap();
    let snapshot = store.snapshot().unwrap();
    let now = scan_as(&*snapshot, RowSet::Latest, Numbers::Sealed);
    let all = scan_as(&*snapshot, RowSet::History, Numbers::Sealed);
    let earlier = snapshot.rows_of(atena(1), CommitNo(1), Numbers::Sealed).unwrap();
    let mut reader = PackedReader::new();
    for sealed in [&now[0], &all[0], &earlier[0]] {
        let sealed_row = reader.read(sealed).unwrap();
        assert!(sealed_row.number_is_sealed());
        assert_ne!(sealed_row.bytes(ItemNo::KOJIN_BANGO), number_of(atena(1)).as_bytes());
    }
    assert_eq!(snapshot.rows_of(atena(1), CommitNo(1), Numbers::Clear).unwrap(), [row]);
}

pub(crate) fn a_scan_ends_when_told<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let rows: Vec<_> = (1..=9)
        .flat_map(|number| {
            [
                (key(number, 1, 0), past(key(number, 1, 0), "")),
                (key(number, 2, 0), latest(key(number, 2, 0), "")),
            ]
        })
        .collect();
    load(&*store, &rows).unwrap();
    let snapshot = store.snapshot().unwrap();
    for rows in [RowSet::Latest, RowSet::History] {
        let mut n_seen = 0;
        let each = &mut |_: &[u8]| {
            n_seen += 1;
            if n_seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        snapshot.scan(rows, Numbers::Sealed, each).unwrap();
        assert_eq!(n_seen, 3, "{rows:?}");
    }
}

pub(crate) fn commits_are_told_newest_first<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    load(&*store, &[]).unwrap();
    let mut record = CommitRecord {
        operator: "a person".to_owned(),
        n_moves: 150,
        n_row_changes: 0,
        ..commit_record(CommitKind::Moves)
    };
    for _ in 0..2 {
        let mut transaction = store.begin().unwrap();
        transaction.record_commit(&record).unwrap();
        transaction.commit().unwrap();
    }
    let snapshot = store.snapshot().unwrap();
    let commits = snapshot.commits(2).unwrap();
    assert_eq!(commits.iter().map(|commit| commit.commit_no.0).collect::<Vec<_>>(), [3, 2]);
    record.commit_no = CommitNo(3);
    assert_eq!(commits[0], record);
    assert_eq!(snapshot.commits(9).unwrap()[2].kind, CommitKind::Load);
}

pub(crate) fn a_row_changed_twice_in_a_set_is_one_line_of_the_log<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let (kept, passing, stays) = (key(1, 1, 0), key(1, 2, 0), key(2, 1, 0));
    moves(&*store, &[added(kept, latest(kept, "a")), added(stays, latest(stays, "s"))]).unwrap();
    let mut transaction = store.begin().unwrap();
    transaction.change_rows(&[changed(kept, latest(kept, "a"), latest(kept, "b"))]).unwrap();
    transaction.change_rows(&[changed(kept, latest(kept, "b"), latest(kept, "c"))]).unwrap();
    // One row comes and goes, another changes and changes back: neither is a line.
    transaction.change_rows(&[added(passing, past(passing, "x"))]).unwrap();
    transaction.change_rows(&[removed(passing, past(passing, "x"))]).unwrap();
    transaction.change_rows(&[changed(stays, latest(stays, "s"), latest(stays, "t"))]).unwrap();
    transaction.change_rows(&[changed(stays, latest(stays, "t"), latest(stays, "s"))]).unwrap();
    let record = transaction.record_commit(&commit_record(CommitKind::Moves)).unwrap();
    transaction.commit().unwrap();
    assert_eq!((record.commit_no, record.n_row_changes), (CommitNo(2), 1));
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.commits(1).unwrap(), [record]);
    let window = Window { after: CommitNo(1), through: CommitNo(2) };
    assert_eq!(snapshot.changed_residents(window).unwrap(), [atena(1)]);
    let rows_at = |at| snapshot.rows_of(atena(1), CommitNo(at), Numbers::Clear).unwrap();
    assert_eq!((rows_at(1), rows_at(2)), (vec![latest(kept, "a")], vec![latest(kept, "c")]));
}

pub(crate) fn changes_without_a_commit_do_not_become_durable<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let mut transaction = store.begin().unwrap();
    transaction.change_rows(&[added(key(1, 1, 0), latest(key(1, 1, 0), "a"))]).unwrap();
    assert_eq!(code(transaction.commit()), "store.missing");
    assert_eq!(store.snapshot().unwrap().n_rows(RowSet::History).unwrap(), 0);
}

pub(crate) fn a_commit_is_found_by_its_source<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    moves(&*store, &[added(key(1, 1, 0), latest(key(1, 1, 0), "a"))]).unwrap();
    let snapshot = store.snapshot().unwrap();
    let source = commit_record(CommitKind::Moves).source_sha256;
    let found = snapshot.commit_of_source(&source).unwrap();
    assert_eq!(found.map(|commit| commit.commit_no), Some(CommitNo(1)));
    assert_eq!(snapshot.commit_of_source(&renkei_core::Digest([9; 32])).unwrap(), None);
}
