//! A few invented residents, and short ways to write and read them.

use std::ops::ControlFlow;

use renkei_core::port::{
    CommitKind, CommitRecord, Numbers, RowChange, RowSet, Snapshot, Store, StoreError, Transaction,
};
use renkei_core::{CommitNo, Digest};
use renkei_registry::packed::pack_row;
use renkei_registry::{AtenaNo, ItemNo, Row, RowKey};

/// The key of a row.
pub(crate) fn key(atena_no: u64, rireki_no: u32, eda_no: u32) -> RowKey {
    RowKey { atena_no: atena(atena_no), rireki_no, eda_no }
}

pub(crate) fn atena(number: u64) -> AtenaNo {
    AtenaNo::new(number).unwrap()
}

/// The 個人番号 of a resident: digits only, no check digit.
pub(crate) fn number_of(atena_no: AtenaNo) -> String {
    format!("{:012}", 765_000_000_000 + atena_no.get())
}

/// A packed row; `text` stands in 方書, so that rows can differ.
pub(crate) fn row_of(key: RowKey, is_latest: bool, setai_no: &str, text: &str) -> Vec<u8> {
    let mut row = Row::new();
    row.set(ItemNo::ATENA_NO, &key.atena_no.to_string());
    row.set(ItemNo::RIREKI_NO, &key.rireki_no.to_string());
    row.set(ItemNo::RIREKI_EDA_NO, &key.eda_no.to_string());
    row.set(ItemNo::SAISHIN_FLG, if is_latest { "1" } else { "0" });
    row.set(ItemNo::SETAI_NO, setai_no);
    row.set(ItemNo::KOJIN_BANGO, &number_of(key.atena_no));
    row.set(ItemNo::JUSHO_KATAGAKI, text);
    let mut packed = Vec::new();
    pack_row(&row, &mut packed).unwrap();
    packed
}

/// The latest row of a resident without household.
pub(crate) fn latest(key: RowKey, text: &str) -> Vec<u8> {
    row_of(key, true, "", text)
}

/// A row that no longer holds.
pub(crate) fn past(key: RowKey, text: &str) -> Vec<u8> {
    row_of(key, false, "", text)
}

pub(crate) fn added(key: RowKey, after: Vec<u8>) -> RowChange {
    RowChange { key, before: None, after: Some(after) }
}

pub(crate) fn changed(key: RowKey, before: Vec<u8>, after: Vec<u8>) -> RowChange {
    RowChange { key, before: Some(before), after: Some(after) }
}

pub(crate) fn removed(key: RowKey, before: Vec<u8>) -> RowChange {
    RowChange { key, before: Some(before), after: None }
}

pub(crate) fn commit_record(kind: CommitKind) -> CommitRecord {
    CommitRecord {
        commit_no: CommitNo(0),
        kind,
        n_moves: 1,
        n_row_changes: 1,
        source_sha256: Digest([7; 32]),
        operator: "tester".to_owned(),
        committed_at: "2026-10-02T01:30:00+09:00".to_owned(),
    }
}

/// Commits one set of moves.
pub(crate) fn moves(store: &dyn Store, changes: &[RowChange]) -> Result<CommitNo, StoreError> {
    let mut transaction = store.begin()?;
    let commit_no = moves_in(&mut *transaction, changes)?;
    transaction.commit()?;
    Ok(commit_no)
}

/// Records one set of moves, without ending the transaction.
pub(crate) fn moves_in(
    transaction: &mut dyn Transaction,
    changes: &[RowChange],
) -> Result<CommitNo, StoreError> {
    transaction.change_rows(changes)?;
    Ok(transaction.record_commit(&commit_record(CommitKind::Moves))?.commit_no)
}

/// Loads rows as the first commit.
pub(crate) fn load(store: &dyn Store, rows: &[(RowKey, Vec<u8>)]) -> Result<CommitNo, StoreError> {
    let mut transaction = store.begin()?;
    let commit_no = load_in(&mut *transaction, rows)?;
    transaction.commit()?;
    Ok(commit_no)
}

/// Loads rows, without ending the transaction.
pub(crate) fn load_in(
    transaction: &mut dyn Transaction,
    rows: &[(RowKey, Vec<u8>)],
) -> Result<CommitNo, StoreError> {
    for (key, packed) in rows {
        transaction.load_row(*key, packed)?;
    }
    Ok(transaction.record_commit(&commit_record(CommitKind::Load))?.commit_no)
}

/// What a scan gives, numbers in clear.
pub(crate) fn scan(snapshot: &dyn Snapshot, rows: RowSet) -> Vec<Vec<u8>> {
    scan_as(snapshot, rows, Numbers::Clear)
}

pub(crate) fn scan_as(snapshot: &dyn Snapshot, rows: RowSet, numbers: Numbers) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    snapshot
        .scan(rows, numbers, &mut |packed| {
            found.push(packed.to_vec());
            ControlFlow::Continue(())
        })
        .unwrap();
    found
}

/// The stable code of an error, for comparing.
pub(crate) fn code<T>(result: Result<T, StoreError>) -> &'static str {
    use renkei_core::Fault as _;
    result.err().map_or("ok", |error| error.code())
}
