//! The first load.

use renkei_core::CommitNo;
use renkei_core::port::{CommitKind, RowSet, StoreError};

use super::town::{added, code, commit_record, key, latest, load, load_in, moves, past, scan};
use super::{Fixture, PATIENT};

pub(crate) fn a_load_gives_its_rows_in_key_order<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let rows = [
        (key(1, 1, 0), past(key(1, 1, 0), "a")),
        (key(1, 2, 0), past(key(1, 2, 0), "b")),
        (key(1, 2, 1), latest(key(1, 2, 1), "c")),
        (key(1, 3, 0), past(key(1, 3, 0), "a later row that was cancelled")),
        (key(2, 1, 0), past(key(2, 1, 0), "no latest row")),
        (key(999_999_999_999_999, 1, 0), latest(key(999_999_999_999_999, 1, 0), "d")),
    ];
    assert_eq!(load(&*store, &rows).unwrap(), CommitNo(1));
    let snapshot = store.snapshot().unwrap();
    let all: Vec<_> = rows.iter().map(|(_, packed)| packed.clone()).collect();
    assert_eq!(scan(&*snapshot, RowSet::History), all);
    assert_eq!(scan(&*snapshot, RowSet::Latest), [all[2].clone(), all[5].clone()]);
    assert_eq!(snapshot.n_rows(RowSet::History).unwrap(), 6);
    assert_eq!(snapshot.n_rows(RowSet::Latest).unwrap(), 2);
    assert_eq!(snapshot.load_commit().unwrap(), Some(CommitNo(1)));
    assert_eq!(snapshot.head().unwrap(), CommitNo(1));
}

pub(crate) fn a_load_refuses_a_registry_with_rows<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let row = [(key(1, 1, 0), latest(key(1, 1, 0), "a"))];
    assert_eq!(store.snapshot().unwrap().load_commit().unwrap(), None);
    moves(&*store, &[added(row[0].0, row[0].1.clone())]).unwrap();
    let other = [(key(2, 1, 0), latest(key(2, 1, 0), "b"))];
    assert_eq!(code(load(&*store, &other)), "store.not-empty");
    assert_eq!(code(load(&*store, &[])), "store.not-empty");
    let snapshot = store.snapshot().unwrap();
    assert_eq!(scan(&*snapshot, RowSet::History), [row[0].1.clone()]);
    assert_eq!(snapshot.load_commit().unwrap(), None);
}

pub(crate) fn a_key_twice_is_refused_with_its_place<F: Fixture>() {
    let check = |keys: &[(u64, u32)], flags: &str, expected: Option<u64>| {
        let fixture = F::new();
        let store = fixture.open(PATIENT);
        let mut transaction = store.begin().unwrap();
        let rows = keys.iter().zip(flags.chars()).map(|(&(atena_no, rireki_no), flag)| {
            let key = key(atena_no, rireki_no, 0);
            (key, if flag == '1' { latest(key, "") } else { past(key, "") })
        });
        let refused = match load_in(&mut *transaction, &rows.collect::<Vec<_>>()) {
            Ok(_) => None,
            Err(StoreError::DuplicateRow { row_no }) => Some(row_no),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(refused, expected, "{keys:?} {flags}");
    };
    check(&[(1, 1), (1, 2), (2, 1)], "011", None);
    check(&[(1, 1), (1, 1)], "11", Some(2));
    check(&[(1, 1), (1, 1)], "00", Some(2));
    check(&[(1, 1), (1, 1)], "01", Some(2));
    check(&[(1, 1), (2, 1), (3, 1), (2, 1)], "1111", Some(4));
    check(&[(1, 1), (2, 1), (3, 1), (2, 1)], "1110", Some(4));
    check(&[(1, 1), (3, 1), (2, 1), (3, 1)], "1111", Some(4));
}

pub(crate) fn a_second_latest_row_is_refused_with_its_place<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let rows = [1, 2].map(|rireki_no| (key(5, rireki_no, 0), latest(key(5, rireki_no, 0), "")));
    let refused = load(&*store, &rows);
    assert!(matches!(refused, Err(StoreError::TwoLatest { row_no: 2 })), "{refused:?}");
}

pub(crate) fn rows_without_the_commit_of_their_load_do_not_stay<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let mut transaction = store.begin().unwrap();
    transaction.load_row(key(1, 1, 0), &latest(key(1, 1, 0), "a")).unwrap();
    assert_eq!(code(transaction.commit()), "store.missing");
    assert!(scan(&*store.snapshot().unwrap(), RowSet::History).is_empty());
}

pub(crate) fn an_empty_load_is_a_load<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    assert_eq!(load(&*store, &[]).unwrap(), CommitNo(1));
    assert_eq!(store.snapshot().unwrap().load_commit().unwrap(), Some(CommitNo(1)));
    let mut transaction = store.begin().unwrap();
    let again = transaction.record_commit(&commit_record(CommitKind::Load));
    assert_eq!(code(again), "store.not-empty");
}
