//! Rows, sets and records as these tests make them.

use std::borrow::Cow;
use std::ops::ControlFlow;

use renkei_core::port::{
    IntakeStore, Outcome, SetRecord, StagedRow, StoreError, TableSpec, TakeCounts, TakeMode, Taking,
};
use renkei_core::publication::Kind;
use renkei_core::state::{FeedState, RowDigest, bucket_of};
use renkei_core::{Digest, Fault as _, IntakeId, Moment, Sequence};

/// A row of a set: key columns come first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TestRow {
    pub(crate) key: Vec<u8>,
    pub(crate) values: Vec<String>,
    pub(crate) is_removed: bool,
    pub(crate) is_parked: bool,
}

/// A row with one key column.
pub(crate) fn row(key: &str, values: &[&str]) -> TestRow {
    let values = std::iter::once(key).chain(values.iter().copied()).map(str::to_owned).collect();
    TestRow { key: key.as_bytes().to_vec(), values, is_removed: false, is_parked: false }
}

/// A row to be removed.
pub(crate) fn gone(key: &str) -> TestRow {
    TestRow { values: Vec::new(), is_removed: true, ..row(key, &[]) }
}

/// A row held back.
pub(crate) fn parked(key: &str, values: &[&str]) -> TestRow {
    TestRow { is_parked: true, ..row(key, values) }
}

impl TestRow {
    pub(crate) fn digest(&self) -> RowDigest {
        RowDigest::of(self.values.join("\",\"").as_bytes())
    }

    pub(crate) fn bucket(&self) -> usize {
        bucket_of([self.key.as_slice()])
    }
}

pub(crate) fn intake() -> IntakeId {
    "jumin".parse().unwrap()
}

/// A table with these columns, the first of them its key.
pub(crate) fn spec(table: Option<&str>, columns: &[&str]) -> TableSpec {
    TableSpec {
        table: table.map(str::to_owned),
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        key_columns: vec![0],
    }
}

/// What most of these tests take into.
pub(crate) fn jumin() -> TableSpec {
    spec(Some("jumin"), &["atena_no", "shimei"])
}

/// A set on record, not taken in.
pub(crate) fn record(sequence: u32) -> SetRecord {
    SetRecord {
        set_no: 0,
        intake: intake(),
        notice_name: format!("set {sequence}.done"),
        notice_sha256: Digest([1; 32]),
        content_sha256: Some(Digest([u8::try_from(sequence % 200).unwrap(); 32])),
        interface: Some(("001o005".parse().unwrap(), "00".parse().unwrap())),
        version: Some("1.1".parse().unwrap()),
        feed: Some("001o005-v1.1".parse().unwrap()),
        kind: Some(Kind::Full),
        sequence: Some(Sequence(sequence)),
        business_date: "2026-10-02".parse().ok(),
        outcome: Outcome::Waiting,
        n_rows: 3,
        counts: TakeCounts::default(),
        n_warned: 2,
        n_parked: 1,
        state: None,
        receipt: "{\n  \"format\": 1\n}\n".to_owned(),
        run_id: "01J".to_owned(),
        at: Moment::from_unix(1_790_872_200).unwrap(),
    }
}

/// As [`record`], taken in.
pub(crate) fn taken(sequence: u32, state: FeedState) -> SetRecord {
    SetRecord { outcome: Outcome::Taken, state: Some(state), ..record(sequence) }
}

/// Stages rows.
pub(crate) fn stage(taking: &mut dyn Taking, rows: &[TestRow]) -> Result<(), StoreError> {
    let values: Vec<Vec<Cow<'_, str>>> = rows
        .iter()
        .map(|row| row.values.iter().map(|value| Cow::Borrowed(value.as_str())).collect())
        .collect();
    let staged: Vec<StagedRow<'_>> = rows
        .iter()
        .zip(&values)
        .map(|(row, values)| StagedRow {
            key: &row.key,
            bucket: row.bucket(),
            digest: row.digest(),
            is_removed: row.is_removed,
            is_parked: row.is_parked,
            values,
        })
        .collect();
    taking.stage(&staged)
}

/// What is held after rows went in, reckoned from what is held now.
pub(crate) fn state_after(store: &dyn IntakeStore, rows: &[TestRow], mode: TakeMode) -> FeedState {
    let mut state = FeedState::empty();
    if mode != TakeMode::Replace {
        let takes_out = matches!(mode, TakeMode::Diff | TakeMode::Correct);
        let go = |key: &[u8]| rows.iter().any(|row| row.key == key && (!row.is_removed || takes_out));
        for held in held(store).into_iter().filter(|held| !go(&held.key)) {
            state.add(held.bucket, &held.digest);
        }
    }
    rows.iter().filter(|row| !row.is_removed).for_each(|row| state.add(row.bucket(), &row.digest()));
    state
}

/// Takes in a set in one go.
pub(crate) fn take(
    store: &dyn IntakeStore,
    spec: &TableSpec,
    sequence: u32,
    mode: TakeMode,
    rows: &[TestRow],
) -> Result<TakeCounts, StoreError> {
    take_as(store, spec, mode, rows, &taken(sequence, state_after(store, rows, mode)))
}

/// Takes in a set under a record. What it would do is what it does.
pub(crate) fn take_as(
    store: &dyn IntakeStore,
    spec: &TableSpec,
    mode: TakeMode,
    rows: &[TestRow],
    record: &SetRecord,
) -> Result<TakeCounts, StoreError> {
    let mut taking = store.begin_taking(&record.intake, spec)?;
    stage(&mut *taking, rows)?;
    let foreseen = taking.effect(mode)?;
    let done = taking.finish(mode, record)?;
    assert_eq!(foreseen, done);
    Ok(done)
}

/// A row as held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) key: Vec<u8>,
    pub(crate) bucket: usize,
    pub(crate) digest: RowDigest,
    pub(crate) is_parked: bool,
}

impl Held {
    pub(crate) fn of(row: &TestRow) -> Self {
        Self { key: row.key.clone(), bucket: row.bucket(), digest: row.digest(), is_parked: row.is_parked }
    }
}

/// Every row held.
pub(crate) fn held(store: &dyn IntakeStore) -> Vec<Held> {
    held_of(store, &intake())
}

/// Every row held of an intake.
pub(crate) fn held_of(store: &dyn IntakeStore, intake: &IntakeId) -> Vec<Held> {
    let mut found = Vec::new();
    let mut each = |row: renkei_core::port::HeldRow<'_>| {
        let (bucket, digest) = (row.bucket, row.digest);
        found.push(Held { key: row.key.to_vec(), bucket, digest, is_parked: row.is_parked });
        ControlFlow::Continue(())
    };
    store.held_rows(intake, &mut each).unwrap();
    found
}

/// Fails unless exactly these rows are held, in this order, and the head's state is theirs.
pub(crate) fn check_held(store: &dyn IntakeStore, rows: &[TestRow]) {
    assert_eq!(held(store), rows.iter().map(Held::of).collect::<Vec<_>>());
    let mut state = FeedState::empty();
    for row in rows {
        state.add(row.bucket(), &row.digest());
    }
    assert_eq!(store.head(&intake()).unwrap().map(|head| head.state), Some(state));
}

/// Added, changed, removed, unchanged, absent.
pub(crate) fn counts(counts: [u64; 5]) -> TakeCounts {
    let [added, changed, removed, unchanged, absent] = counts;
    TakeCounts { added, changed, removed, unchanged, absent }
}

/// The values of rows, as a table has them.
pub(crate) fn values(rows: &[TestRow]) -> Vec<Vec<String>> {
    let mut values: Vec<_> = rows.iter().filter(|row| !row.is_parked).map(|row| row.values.clone()).collect();
    values.sort();
    values
}

/// The code of what came out.
pub(crate) fn code<T>(result: Result<T, StoreError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "ok")
}
