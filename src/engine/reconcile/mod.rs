//! Reconciling (整合性確認): what a receiver holds against what it was given, as of a publication.
//!
//! Its sums say whether, and in which of 256 buckets, both differ; the rows of just those buckets, keys and digests,
//! say which rows. Of a receiver without such sums a full file of its own says it all. Of what differs a diff for
//! that receiver alone can be made.

mod full_file;
mod letters;
mod opened;
mod state_at;

use renkei_core::feed::Feed;
use renkei_core::ledger::Standing;
use renkei_core::mend::{MendCost, MendObstacle};
use renkei_core::port::{AuditEntry, PublicationRecord, ReconciliationRecord, Snapshot};
use renkei_core::publication::Progress;
use renkei_core::receive::{Holding, HoldingError};
use renkei_core::{BusinessId, Digest, FeedId, Sequence};

use crate::error::EngineError;
use crate::generate::{Cause, Divergence, Published, make_mending};
use crate::house::House;
use crate::mend::merged;

pub use full_file::{FileFound, compare_file};
pub use letters::{
    Asked, HOLDING_ENDING, KeepReport, LettersTaken, OpenedLetter, ROWS_ENDING, Reconciled, RowsFound,
    take_in_letters,
};
pub use opened::{OpenRows, compare_opened};

/// How many rows may differ for a diff to be made of them: about 100 MB in memory. Beyond, a full is the way.
pub const MAX_DIVERGENT_ROWS: usize = 500_000;

/// Every point at which taking in what receivers hold may be cut off.
pub const RECONCILE_POINTS: [&str; 2] = ["reconcile.claimed", "reconcile.recorded"];

/// The publication that moved the state of a feed under a number, or, where it stands, why it cannot be compared with.
pub fn given(
    snapshot: &dyn Snapshot,
    feed: &Feed,
    sequence: Sequence,
) -> Result<PublicationRecord, EngineError> {
    let record = snapshot.publication(&feed.id, sequence)?;
    record
        .filter(|record| record.kind.moves_state() && record.progress == Progress::Published)
        .ok_or_else(|| EngineError::NoSuchPublication { feed: feed.id.clone(), sequence })
}

/// Compares sums: counts, and the buckets that differ.
pub fn compare_sums(
    house: House<'_>,
    feed: &Feed,
    receiver: &BusinessId,
    holding: &Holding,
    source: Digest,
) -> Result<(ReconciliationRecord, Vec<usize>), EngineError> {
    let snapshot = house.store.snapshot()?;
    if holding.feed != feed.id {
        return Err(HoldingError { what: "it is of another feed" }.into());
    }
    let theirs = holding.state().ok_or(HoldingError { what: "it has not 256 sums" })?;
    let record = given(snapshot.as_ref(), feed, holding.sequence).map_err(|error| match error {
        EngineError::NoSuchPublication { .. } => {
            HoldingError { what: "no publication of its number is on record" }.into()
        }
        // The database's own trouble says nothing against the file.
        error => error,
    })?;
    let buckets = record.state.differing_buckets(&theirs);
    let count = |n_rows: i64| u64::try_from(n_rows).unwrap_or(0);
    let found = ReconciliationRecord {
        feed: feed.id.clone(),
        receiver: receiver.clone(),
        sequence: holding.sequence,
        n_rows_here: count(record.state.n_rows()),
        n_rows_there: holding.n_rows,
        n_buckets: u16::try_from(buckets.len()).unwrap_or(u16::MAX),
        is_same: record.state == theirs,
        source,
        at: house.clock.now(),
    };
    Ok((found, buckets))
}

/// Puts a comparison on record with its line of the audit.
pub fn record(house: House<'_>, found: &ReconciliationRecord) -> Result<(), EngineError> {
    let word = if found.is_same { "the same" } else { "different" };
    let action = format!("reconcile {} {} with {}", found.feed, found.sequence, found.receiver);
    let result = format!(
        "{word}: {} rows here, {} there, {} buckets differ",
        found.n_rows_here, found.n_rows_there, found.n_buckets
    );
    let at = found.at.to_string();
    let mut tx = house.store.begin()?;
    tx.record_reconciliation(found)?;
    tx.append_audit(&AuditEntry::new(at, house.operator, action, house.reason, result))?;
    tx.commit()?;
    tracing::info!(
        feed = found.feed.as_str(),
        receiver = found.receiver.as_str(),
        sequence = found.sequence.0,
        buckets = found.n_buckets,
        "a receiver was compared with: {word}"
    );
    Ok(())
}

/// Puts a comparison with a file of nobody in particular on record: its report has keys and values.
pub fn note_comparison(
    house: House<'_>,
    feed: &Feed,
    sequence: Sequence,
    n_rows: u64,
) -> Result<(), EngineError> {
    let action = format!("reconcile {} {sequence} with a file", feed.id);
    let at = house.clock.now().to_string();
    let mut tx = house.store.begin()?;
    let result = format!("{n_rows} rows differ");
    tx.append_audit(&AuditEntry::new(at, house.operator, action, house.reason, result))?;
    tx.commit()?;
    Ok(())
}

/// Refuses to keep more rows in memory than a diff is made of.
fn check_divergence(feed: &FeedId, n_rows: usize) -> Result<(), EngineError> {
    if n_rows > MAX_DIVERGENT_ROWS {
        return Err(EngineError::TooDifferent { feed: feed.clone(), most: MAX_DIVERGENT_ROWS });
    }
    Ok(())
}

/// What a correcting diff would cost, and what keeps it from being made.
pub fn cost_of_correction(
    house: House<'_>,
    feed: &Feed,
    theirs: &Divergence,
) -> Result<(MendCost, Vec<MendObstacle>), EngineError> {
    let snapshot = house.store.snapshot()?;
    merged(house, feed, snapshot.as_ref(), &Standing::default(), Some(theirs))
}

/// Publishes the diff that brings a receiver from what it holds to what its feed holds, into its mailbox.
pub fn correct(
    house: House<'_>,
    feed: &Feed,
    receiver: &BusinessId,
    theirs: &Divergence,
    reason: &str,
) -> Result<Published, EngineError> {
    let what = format!("correct {} for {receiver}", feed.id);
    let cause = Cause { what, reason: Some(reason.to_owned()), redoes: None };
    make_mending(House { reason, ..house }, feed, receiver, theirs.sequence, Some(theirs), &cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_rows_than_memory_is_for_are_refused() {
        let feed = "f".parse().unwrap();
        assert!(check_divergence(&feed, MAX_DIVERGENT_ROWS).is_ok());
        let refused = check_divergence(&feed, MAX_DIVERGENT_ROWS + 1).unwrap_err();
        assert!(refused.to_string().contains("a full is the way"), "{refused}");
    }
}
