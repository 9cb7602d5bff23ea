//! The first load of a registry: a CSV of all rows, validated, in one transaction.
//!
//! One thread reads and hashes the file, a second checks and packs its rows, and the caller's writes them.
//! Batches of rows go between them over short queues and come back to be filled again, so memory does not
//! grow with rows.

use std::io::Read;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};

use renkei_core::port::{AuditEntry, CommitKind, CommitRecord, StoreError, Transaction};
use renkei_core::{CommitNo, Digest};

use super::issue::{IssueList, Rejected};
use super::read_ahead::ReadAhead;
use super::resident_rows::{Batch, ReadRows, RowSink, read_rows};
use crate::audit::note_refused;
use crate::error::EngineError;
use crate::house::House;

/// Batches of rows waiting to be written, at most.
const QUEUE: usize = 3;

/// What came of a load.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The commit.
    pub commit_no: CommitNo,
    /// Rows written.
    pub n_rows: u64,
    /// Warnings.
    pub issues: IssueList,
}

/// Loads an empty registry from a CSV with a header row of item ids or Japanese names, rows by 宛名番号,
/// 個人履歴番号, 枝番. `n_expected` is a guess at the rows, for progress; 0 where there is none.
pub fn load_residents(
    house: House<'_>,
    file: &str,
    source: impl Read + Send,
    n_expected: u64,
) -> Result<Loaded, Box<Rejected>> {
    let loaded = try_load(house, file, source, n_expected);
    if let Err(rejected) = &loaded {
        note_refused(house, "load registry", "", &rejected.error);
    }
    loaded
}

fn try_load(
    house: House<'_>,
    file: &str,
    source: impl Read + Send,
    n_expected: u64,
) -> Result<Loaded, Box<Rejected>> {
    let mut tx = house.store.begin()?;
    let (ReadRows { n_rows, issues }, source_sha256) =
        load_rows(house, file, source, n_expected, tx.as_mut())?;
    if issues.n_errors > 0 {
        let n_issues = issues.n_errors;
        let error = EngineError::Refused { file: file.to_owned(), n_issues };
        return Err(Box::new(Rejected { error, issues }));
    }
    let commit = CommitRecord {
        commit_no: CommitNo(0),
        kind: CommitKind::Load,
        n_moves: n_rows,
        n_row_changes: n_rows,
        source_sha256,
        operator: house.operator.to_owned(),
        committed_at: house.clock.now().to_string(),
    };
    let commit_no = record(house, tx.as_mut(), &commit)?;
    house.witness.reached("load.rows-written");
    tx.commit()?;
    house.witness.reached("load.committed");
    tracing::info!(commit = commit_no.0, rows = n_rows, "the registry is loaded");
    Ok(Loaded { commit_no, n_rows, issues })
}

fn record(house: House<'_>, tx: &mut dyn Transaction, commit: &CommitRecord) -> Result<CommitNo, StoreError> {
    let commit_no = tx.record_commit(commit)?.commit_no;
    tx.append_audit(&AuditEntry {
        audit_no: 0,
        at: commit.committed_at.clone(),
        operator: house.operator.to_owned(),
        action: "load registry".to_owned(),
        reason: String::new(),
        result: format!("commit {commit_no}: {} rows", commit.n_moves),
        chain_sha256: Digest([0; 32]),
    })?;
    Ok(commit_no)
}

fn load_rows(
    house: House<'_>,
    file: &str,
    source: impl Read + Send,
    n_expected: u64,
    tx: &mut dyn Transaction,
) -> Result<(ReadRows, Digest), EngineError> {
    let municipality = house.municipality;
    std::thread::scope(|scope| {
        let (source, hashing) = ReadAhead::start(scope, source);
        let (to_store, batches) = sync_channel(QUEUE);
        let (to_pool, pool) = channel();
        let sink = RowSink::new(to_store, pool);
        let reading = scope.spawn(move || read_rows(file, source, municipality, sink));
        let written = write_rows(house, tx, batches, &to_pool, n_expected);
        let read = reading.join().map_err(|_| EngineError::Worker)?;
        let source_sha256 = hashing.join().map_err(|_| EngineError::Worker)?;
        // Where writing failed, the reader was cut off, so writing goes first.
        written?;
        Ok((read?, source_sha256))
    })
}

/// Writes batches until no more come; an error cuts the reader off.
fn write_rows(
    house: House<'_>,
    tx: &mut dyn Transaction,
    batches: Receiver<Batch>,
    pool: &Sender<Batch>,
    n_expected: u64,
) -> Result<(), EngineError> {
    let mut n_rows = 0;
    for batch in batches {
        for (key, packed) in batch.rows() {
            tx.load_row(key, packed)?;
            n_rows += 1;
        }
        house.witness.progress("load", n_rows, n_expected.max(n_rows));
        // The reader may have come to its end; then the batch is not needed any more.
        let _ = pool.send(batch);
    }
    house.witness.progress("load", n_rows, n_rows);
    Ok(())
}
