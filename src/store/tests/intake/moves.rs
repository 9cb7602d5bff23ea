//! What sets do to what is held.

use renkei_core::port::{StoreError, TakeMode};
use renkei_core::state::RowDigest;

use super::rows::{
    TestRow, check_held, code, counts, gone, held, intake, jumin, parked, row, spec, stage, take, taken,
    values,
};
use super::{Fixture, PATIENT};

pub(crate) fn a_full_replaces_what_is_held<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let first = [row("1", &["a"]), row("2", &["b"]), row("3", &["c"])];
    assert_eq!(take(&*store, &jumin(), 1, TakeMode::Replace, &first).unwrap(), counts([3, 0, 0, 0, 0]));
    check_held(&*store, &first);
    assert_eq!(fixture.values("jumin"), values(&first));
    let second = [row("0", &["new"]), row("2", &["changed"]), row("3", &["c"])];
    assert_eq!(take(&*store, &jumin(), 2, TakeMode::Replace, &second).unwrap(), counts([1, 1, 1, 1, 0]));
    let store = fixture.open(PATIENT);
    check_held(&*store, &second);
    assert_eq!(fixture.values("jumin"), values(&second));
    assert_eq!(take(&*store, &jumin(), 3, TakeMode::Replace, &[]).unwrap(), counts([0, 0, 3, 0, 0]));
    check_held(&*store, &[]);
    assert_eq!(fixture.values("jumin"), values(&[]));
}

pub(crate) fn a_full_that_changes_little_counts_what_it_leaves<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let mut rows: Vec<TestRow> = (0..3_000).map(|number| row(&format!("{number:05}"), &["x"])).collect();
    take(&*store, &jumin(), 1, TakeMode::Replace, &rows).unwrap();
    rows.remove(7);
    rows[1_500] = row("01501", &["y"]);
    rows.push(row("90000", &["z"]));
    assert_eq!(take(&*store, &jumin(), 2, TakeMode::Replace, &rows).unwrap(), counts([1, 1, 1, 2_998, 0]));
    check_held(&*store, &rows);
    assert_eq!(fixture.values("jumin"), values(&rows));
}

pub(crate) fn a_merged_full_leaves_other_rows<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let first = [row("1", &["a"]), row("2", &["b"]), row("4", &["d"])];
    take(&*store, &jumin(), 1, TakeMode::Merge, &first).unwrap();
    let second = [row("2", &["changed"]), row("3", &["c"]), row("4", &["d"])];
    assert_eq!(take(&*store, &jumin(), 2, TakeMode::Merge, &second).unwrap(), counts([1, 1, 0, 1, 0]));
    let all = [row("1", &["a"]), second[0].clone(), second[1].clone(), second[2].clone()];
    check_held(&*store, &all);
    assert_eq!(fixture.values("jumin"), values(&all));
    // What is marked as removed is a diff's affair.
    assert_eq!(take(&*store, &jumin(), 3, TakeMode::Merge, &[gone("1")]).unwrap(), counts([0; 5]));
    check_held(&*store, &all);
    assert_eq!(fixture.values("jumin"), values(&all));
}

pub(crate) fn a_diff_adds_changes_and_removes<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let first = [row("1", &["a"]), row("2", &["b"]), row("3", &["c"])];
    take(&*store, &jumin(), 1, TakeMode::Replace, &first).unwrap();
    let diff = [gone("1"), row("2", &["changed"]), row("4", &["d"])];
    assert_eq!(take(&*store, &jumin(), 2, TakeMode::Diff, &diff).unwrap(), counts([1, 1, 1, 0, 0]));
    let all = [diff[1].clone(), row("3", &["c"]), diff[2].clone()];
    check_held(&*store, &all);
    assert_eq!(fixture.values("jumin"), values(&all));
    // A replacement takes out what it marks, and what it does not have.
    let full = [gone("2"), row("3", &["c"])];
    assert_eq!(take(&*store, &jumin(), 3, TakeMode::Replace, &full).unwrap(), counts([0, 0, 2, 1, 0]));
    check_held(&*store, &full[1..]);
    assert_eq!(fixture.values("jumin"), values(&full[1..]));
}

pub(crate) fn removing_what_is_not_there_is_counted<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let first = [row("1", &["a"])];
    take(&*store, &jumin(), 1, TakeMode::Replace, &first).unwrap();
    let diff = [gone("0"), gone("2")];
    assert_eq!(take(&*store, &jumin(), 2, TakeMode::Diff, &diff).unwrap(), counts([0, 0, 0, 0, 2]));
    check_held(&*store, &first);
    assert_eq!(fixture.values("jumin"), values(&first));
}

pub(crate) fn an_empty_set_moves_the_head_alone<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let first = [row("1", &["a"])];
    take(&*store, &jumin(), 1, TakeMode::Replace, &first).unwrap();
    assert_eq!(take(&*store, &jumin(), 2, TakeMode::Diff, &[]).unwrap(), counts([0; 5]));
    check_held(&*store, &first);
    assert_eq!(store.head(&intake()).unwrap().unwrap().sequence.0, 2);
}

pub(crate) fn a_parked_row_is_held_without_values<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let rows = [row("1", &["a"]), parked("2", &["bad"]), row("3", &["c"])];
    assert_eq!(take(&*store, &jumin(), 1, TakeMode::Replace, &rows).unwrap(), counts([3, 0, 0, 0, 0]));
    check_held(&*store, &rows);
    assert_eq!(fixture.values("jumin"), values(&rows));
    assert_eq!(take(&*store, &jumin(), 2, TakeMode::Replace, &rows).unwrap(), counts([0, 0, 0, 3, 0]));
    assert_eq!(take(&*store, &jumin(), 3, TakeMode::Diff, &[gone("2")]).unwrap(), counts([0, 0, 1, 0, 0]));
    let left = [rows[0].clone(), rows[2].clone()];
    check_held(&*store, &left);
    assert_eq!(fixture.values("jumin"), values(&left));
    // Its key need not be one that a table could have.
    let odd = TestRow { key: b"\xff\x1f\x00".to_vec(), ..parked("4", &[]) };
    assert_eq!(take(&*store, &jumin(), 4, TakeMode::Diff, &[odd]).unwrap(), counts([1, 0, 0, 0, 0]));
    assert_eq!(take(&*store, &jumin(), 5, TakeMode::Replace, &left).unwrap(), counts([0, 0, 1, 2, 0]));
    check_held(&*store, &left);
}

pub(crate) fn a_row_is_parked_and_let_in_again<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    for (sequence, mode) in [(1, TakeMode::Replace), (4, TakeMode::Diff), (7, TakeMode::Merge)] {
        take(&*store, &jumin(), sequence, mode, &[row("1", &["a"]), row("2", &["b"])]).unwrap();
        let bad = [parked("1", &["other"]), parked("2", &["b"])];
        assert_eq!(take(&*store, &jumin(), sequence + 1, mode, &bad).unwrap(), counts([0, 2, 0, 0, 0]));
        check_held(&*store, &bad);
        assert_eq!(fixture.values("jumin"), values(&[]));
        let good = [row("1", &["other"]), row("2", &["b"])];
        assert_eq!(take(&*store, &jumin(), sequence + 2, mode, &good).unwrap(), counts([0, 2, 0, 0, 0]));
        check_held(&*store, &good);
        assert_eq!(fixture.values("jumin"), values(&good));
    }
}

pub(crate) fn what_would_happen_is_what_happens<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let first = [row("1", &["a"]), row("2", &["b"]), row("3", &["c"])];
    take(&*store, &jumin(), 1, TakeMode::Replace, &first).unwrap();
    let mut taking = store.begin_taking(&intake(), &jumin()).unwrap();
    stage(&mut *taking, &[gone("1"), row("2", &["x"])]).unwrap();
    for _ in 0..2 {
        assert_eq!(taking.effect(TakeMode::Diff).unwrap(), counts([0, 1, 1, 0, 0]));
        assert_eq!(taking.effect(TakeMode::Merge).unwrap(), counts([0, 1, 0, 0, 0]));
        assert_eq!(taking.effect(TakeMode::Replace).unwrap(), counts([0, 1, 2, 0, 0]));
    }
    stage(&mut *taking, &[gone("9"), row("3", &["c"])]).unwrap();
    assert_eq!(taking.effect(TakeMode::Diff).unwrap(), counts([0, 1, 1, 1, 1]));
    assert_eq!(taking.effect(TakeMode::Replace).unwrap(), counts([0, 1, 1, 1, 1]));
    drop(taking);
    check_held(&*store, &first);
    assert_eq!(fixture.values("jumin"), values(&first));
}

pub(crate) fn rows_held_before_are_given_with_their_digests<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let first = [row("1", &["a"]), row("2", &["b"]), row("3", &["c"]), parked("4", &["d"])];
    take(&*store, &jumin(), 1, TakeMode::Replace, &first).unwrap();
    let mut taking = store.begin_taking(&intake(), &jumin()).unwrap();
    let diff = [gone("1"), row("2", &["x"]), row("3", &["c"]), row("4", &["y"]), row("5", &["z"]), gone("6")];
    stage(&mut *taking, &diff).unwrap();
    for _ in 0..2 {
        let mut before = Vec::new();
        taking.held_before(&mut |bucket, digest: RowDigest| before.push((bucket, digest.0))).unwrap();
        before.sort_unstable();
        let mut expected: Vec<_> = first.iter().map(|row| (row.bucket(), row.digest().0)).collect();
        expected.sort_unstable();
        assert_eq!(before, expected);
    }
}

pub(crate) fn rows_come_in_any_order_and_many_batches<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    // 7,919 is prime, so every number comes once.
    let mut rows: Vec<TestRow> =
        (0..2_000_u32).map(|number| row(&format!("{:05}", number * 7_919 % 2_000), &["x"])).collect();
    let state = super::rows::state_after(&*store, &rows, TakeMode::Replace);
    let mut taking = store.begin_taking(&intake(), &jumin()).unwrap();
    for batch in rows.chunks(137) {
        stage(&mut *taking, batch).unwrap();
        stage(&mut *taking, &[]).unwrap();
    }
    assert_eq!(taking.finish(TakeMode::Replace, &taken(1, state)).unwrap(), counts([2_000, 0, 0, 0, 0]));
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    check_held(&*store, &rows);
    assert_eq!(fixture.values("jumin"), values(&rows));
}

pub(crate) fn a_key_twice_is_refused_with_its_row<F: Fixture>() {
    let check = |batches: &[&[TestRow]], expected: u64| {
        let fixture = F::new();
        let store = fixture.open(PATIENT);
        take(&*store, &jumin(), 1, TakeMode::Replace, &[row("held", &[""])]).unwrap();
        let mut taking = store.begin_taking(&intake(), &jumin()).unwrap();
        let refused = batches.iter().try_for_each(|batch| stage(&mut *taking, batch));
        assert!(
            matches!(refused, Err(StoreError::DuplicateRow { row_no }) if row_no == expected),
            "{refused:?}, expected {expected}"
        );
        // It cannot be taken in after that.
        assert_eq!(code(taking.effect(TakeMode::Diff)), "store.duplicate-row");
        assert_eq!(code(stage(&mut *taking, &[row("8", &[""])])), "store.duplicate-row");
        let state = super::rows::state_after(&*store, &[], TakeMode::Replace);
        assert_eq!(code(taking.finish(TakeMode::Replace, &taken(2, state))), "store.duplicate-row");
        assert_eq!(held(&*store).len(), 1);
    };
    check(&[&[row("1", &["a"]), row("1", &["a"])]], 2);
    check(&[&[row("1", &["a"]), row("2", &["a"]), gone("1"), row("2", &["b"])]], 3);
    check(&[&[row("1", &["a"])], &[row("2", &["a"]), row("1", &["b"])]], 3);
    check(&[&[gone("1"), row("held", &["a"])], &[row("3", &["a"]), gone("held"), gone("1")]], 4);
}

pub(crate) fn a_dropped_taking_leaves_nothing<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let mut taking = store.begin_taking(&intake(), &jumin()).unwrap();
    stage(&mut *taking, &[row("1", &["a"])]).unwrap();
    drop(taking);
    assert!(held(&*store).is_empty());
    assert_eq!(store.head(&intake()).unwrap(), None);
    assert!(store.sets(None, 9).unwrap().is_empty());
    assert_eq!(fixture.values("jumin"), Vec::<Vec<String>>::new());
    take(&*store, &jumin(), 1, TakeMode::Replace, &[row("2", &["b"])]).unwrap();
    check_held(&*store, &[row("2", &["b"])]);
}

pub(crate) fn without_a_table_only_keys_and_digests_are_held<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let nowhere = spec(None, &["atena_no", "shimei"]);
    let bare = |key: &str| TestRow { values: Vec::new(), ..row(key, &[]) };
    let rows = [bare("1"), bare("2"), TestRow { is_parked: true, ..bare("3") }];
    assert_eq!(take(&*store, &nowhere, 1, TakeMode::Replace, &rows).unwrap(), counts([3, 0, 0, 0, 0]));
    check_held(&*store, &rows);
    assert_eq!(take(&*store, &nowhere, 2, TakeMode::Diff, &[gone("1")]).unwrap(), counts([0, 0, 1, 0, 0]));
    check_held(&*store, &rows[1..]);
    assert_eq!(take(&*store, &nowhere, 3, TakeMode::Replace, &rows[2..]).unwrap(), counts([0, 0, 1, 1, 0]));
    check_held(&*store, &rows[2..]);
    assert!(fixture.values("jumin").is_empty());
}
