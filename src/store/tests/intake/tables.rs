//! The tables that values go into.

use renkei_core::IntakeId;
use renkei_core::port::{IntakeStore, SetRecord, StoreError, TableSpec, TakeMode};

use super::rows::{
    TestRow, check_held, code, counts, gone, held_of, intake, jumin, row, spec, stage, state_after, take,
    take_as, taken, values,
};
use super::{Fixture, PATIENT};

fn refusal(store: &dyn IntakeStore, intake: &IntakeId, spec: &TableSpec) -> String {
    match store.begin_taking(intake, spec).err() {
        Some(StoreError::Unavailable { detail }) => detail,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn a_table_with_other_columns_is_refused_with_what_differs<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    fixture.make_table("theirs", &["atena_no", "name"]);
    for (columns, words) in [
        (&["atena_no", "shimei"][..], &["theirs", "shimei", "name"][..]),
        (&["atena_no", "name", "jusho"], &["theirs", "jusho"]),
        (&["atena_no"], &["theirs", "name"]),
        (&["name", "atena_no"], &["theirs", "order"]),
    ] {
        let detail = refusal(&*store, &intake(), &spec(Some("theirs"), columns));
        assert!(words.iter().all(|word| detail.contains(word)), "{detail}");
    }
    let other_key = TableSpec { key_columns: vec![1], ..spec(Some("theirs"), &["atena_no", "name"]) };
    assert!(refusal(&*store, &intake(), &other_key).contains("key"));
    // It is compared each time, not only the first.
    take(&*store, &jumin(), 1, TakeMode::Replace, &[]).unwrap();
    let wider = spec(Some("jumin"), &["atena_no", "shimei", "jusho"]);
    assert!(refusal(&*store, &intake(), &wider).contains("jusho"));
}

pub(crate) fn a_preview_makes_nothing<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let first = [row("1", &["a"]), row("2", &["b"])];
    let mut taking = store.preview_taking(&intake(), &jumin()).unwrap();
    stage(&mut *taking, &first).unwrap();
    assert_eq!(taking.effect(TakeMode::Replace).unwrap(), counts([2, 0, 0, 0, 0]));
    let refused =
        taking.finish(TakeMode::Replace, &taken(1, state_after(&*store, &first, TakeMode::Replace)));
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    // What it would have made is another's to make: another intake's, with other columns.
    fixture.make_table("jumin", &["atena_no", "shimei"]);
    take(&*store, &jumin(), 1, TakeMode::Replace, &first).unwrap();
    let mut taking = store.preview_taking(&intake(), &jumin()).unwrap();
    stage(&mut *taking, &[row("2", &["x"])]).unwrap();
    assert_eq!(taking.effect(TakeMode::Replace).unwrap(), counts([0, 1, 1, 0, 0]));
    let other: IntakeId = "other".parse().unwrap();
    assert!(store.preview_taking(&other, &jumin()).is_err());
}

pub(crate) fn a_table_of_another_intake_is_refused<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    take(&*store, &jumin(), 1, TakeMode::Replace, &[]).unwrap();
    let detail = refusal(&*store, &"kaigo".parse().unwrap(), &jumin());
    assert!(detail.contains("jumin"), "{detail}");
    for own in ["intake_row", "ledger_event", "intake", ""] {
        assert!(refusal(&*store, &intake(), &spec(Some(own), &["a"])).contains(own));
    }
}

pub(crate) fn a_table_that_is_there_is_used<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    fixture.make_table("theirs", &["atena_no", "shimei"]);
    let rows = [row("1", &["a"]), row("2", &["b"])];
    let theirs = spec(Some("theirs"), &["atena_no", "shimei"]);
    take(&*store, &theirs, 1, TakeMode::Replace, &rows).unwrap();
    assert_eq!(fixture.values("theirs"), values(&rows));
}

pub(crate) fn names_may_be_words_of_the_database<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let order = TableSpec {
        table: Some("order".to_owned()),
        columns: ["end", "select", "where", "0", "user"].map(str::to_owned).to_vec(),
        key_columns: vec![1, 0],
    };
    let of = |end: &str, select: &str, text: &str| TestRow {
        key: format!("{select}\u{1f}{end}").into_bytes(),
        ..row(end, &[select, text, "", "x"])
    };
    let first = [of("1", "2", "a"), of("2", "1", "b"), of("1", "1", "c"), of("", "", "d")];
    assert_eq!(take(&*store, &order, 1, TakeMode::Replace, &first).unwrap(), counts([4, 0, 0, 0, 0]));
    assert_eq!(fixture.values("order"), values(&first));
    let removed = TestRow { is_removed: true, ..of("1", "2", "") };
    let diff = [removed, of("2", "1", "changed")];
    assert_eq!(take(&*store, &order, 2, TakeMode::Diff, &diff).unwrap(), counts([0, 1, 1, 0, 0]));
    assert_eq!(fixture.values("order"), values(&[first[2].clone(), first[3].clone(), diff[1].clone()]));
    assert_eq!(take(&*store, &order, 3, TakeMode::Replace, &first[..1]).unwrap(), counts([1, 0, 3, 0, 0]));
    assert_eq!(fixture.values("order"), values(&first[..1]));
    // All columns may be the key.
    let bare = TableSpec { key_columns: vec![0], ..spec(Some("table"), &["group"]) };
    let rows = [row("1", &[])];
    let record = SetRecord { intake: "bare".parse().unwrap(), ..taken(1, state_of(&rows)) };
    take_as(&*store, &bare, TakeMode::Merge, &rows, &record).unwrap();
    assert_eq!(fixture.values("table"), values(&rows));
}

fn state_of(rows: &[TestRow]) -> renkei_core::state::FeedState {
    let mut state = renkei_core::state::FeedState::empty();
    for row in rows {
        state.add(row.bucket(), &row.digest());
    }
    state
}

pub(crate) fn a_version_switch_fills_the_new_table_and_leaves_the_old<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let old = [row("1", &["a"]), row("2", &["b"])];
    take(&*store, &jumin(), 9, TakeMode::Replace, &old).unwrap();
    let wider = spec(Some("jumin_1_2"), &["atena_no", "shimei", "jusho"]);
    let new = [row("1", &["a", "x"]), row("3", &["c", "y"]), parked("4")];
    let switch = |sequence, rows: &[TestRow]| SetRecord {
        feed: "001o005-v1.2".parse().ok(),
        version: "1.2".parse().ok(),
        ..taken(sequence, state_of(rows))
    };
    let counts_of_switch = take_as(&*store, &wider, TakeMode::Replace, &new, &switch(1, &new)).unwrap();
    assert_eq!(counts_of_switch, counts([2, 1, 1, 0, 0]));
    check_held(&*store, &new);
    assert_eq!(fixture.values("jumin_1_2"), values(&new));
    assert_eq!(fixture.values("jumin"), values(&old));
    // From here on the new feed's diffs go into the new table.
    let after = [new[0].clone(), row("4", &["d", "z"])];
    let diff = [gone("3"), after[1].clone()];
    take_as(&*store, &wider, TakeMode::Diff, &diff, &switch(2, &after)).unwrap();
    assert_eq!(fixture.values("jumin_1_2"), values(&after));
    assert_eq!(fixture.values("jumin"), values(&old));
    // Back again: what the old table had is replaced, rows that digest the same included.
    let back = [after[0].clone(), row("9", &["i", "w"])];
    let narrow = [row("1", &["a"]), row("9", &["i"])];
    let staged: Vec<TestRow> = back
        .iter()
        .zip(&narrow)
        .map(|(wide, narrow)| TestRow { values: narrow.values.clone(), ..wide.clone() })
        .collect();
    take(&*store, &jumin(), 10, TakeMode::Replace, &staged).unwrap();
    assert_eq!(fixture.values("jumin"), values(&staged));
    assert_eq!(fixture.values("jumin_1_2"), values(&after));
}

fn parked(key: &str) -> TestRow {
    super::rows::parked(key, &["bad", ""])
}

pub(crate) fn only_a_replacement_fills_a_new_table<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let rows = [row("1", &["a"]), row("2", &["b"])];
    take(&*store, &jumin(), 1, TakeMode::Merge, &rows).unwrap();
    let renamed = spec(Some("juki"), &["atena_no", "shimei"]);
    for mode in [TakeMode::Diff, TakeMode::Merge] {
        let result = take(&*store, &renamed, 2, mode, &[row("3", &["c"])]);
        assert!(
            matches!(&result, Err(StoreError::Unavailable { detail }) if detail.contains("jumin")),
            "{result:?}"
        );
    }
    check_held(&*store, &rows);
    // Rows that are the same as before go into it too.
    assert_eq!(take(&*store, &renamed, 2, TakeMode::Replace, &rows).unwrap(), counts([0, 0, 0, 2, 0]));
    assert_eq!(fixture.values("juki"), values(&rows));
    // Where values went elsewhere, the same.
    let nowhere = TableSpec { table: None, ..jumin() };
    take(&*store, &nowhere, 3, TakeMode::Diff, &[row("3", &["c"])]).unwrap();
    assert_eq!(code(take(&*store, &renamed, 4, TakeMode::Diff, &[gone("1")])), "store.unavailable");
    take(&*store, &renamed, 4, TakeMode::Replace, &rows[..1]).unwrap();
    assert_eq!(fixture.values("juki"), values(&rows[..1]));
}

pub(crate) fn intakes_do_not_touch_each_other<F: Fixture>() {
    let fixture = F::new();
    let store = fixture.open(PATIENT);
    let rows = [row("1", &["a"]), row("2", &["b"])];
    take(&*store, &jumin(), 1, TakeMode::Replace, &rows).unwrap();
    let kaigo: IntakeId = "kaigo".parse().unwrap();
    let table = spec(Some("kaigo"), &["atena_no", "shimei"]);
    for (sequence, mode) in [(1, TakeMode::Replace), (2, TakeMode::Diff), (3, TakeMode::Replace)] {
        let others = [row("2", &["x"])];
        let record = SetRecord { intake: kaigo.clone(), ..taken(sequence, state_of(&others)) };
        take_as(&*store, &table, mode, &others, &record).unwrap();
    }
    let record = SetRecord { intake: kaigo.clone(), ..taken(4, state_of(&[])) };
    take_as(&*store, &table, TakeMode::Replace, &[], &record).unwrap();
    assert!(held_of(&*store, &kaigo).is_empty());
    check_held(&*store, &rows);
    assert_eq!(fixture.values("jumin"), values(&rows));
    assert_eq!(state_after(&*store, &[], TakeMode::Diff), state_of(&rows));
}
