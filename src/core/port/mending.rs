//! The store's part for what is published for one receiver alone, and for what comparing both sides came to.

use crate::ids::{BusinessId, Digest, FeedId, Sequence};
use crate::moment::Moment;
use crate::port::StoreError;
use crate::publication::Progress;

/// A diff for one receiver, as recorded when sealed. It takes no number of its feed: it leads to the state of the
/// publication whose number it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MendingRecord {
    /// Its feed.
    pub feed: FeedId,
    /// Whom it is for.
    pub receiver: BusinessId,
    /// The publication whose state it leads to.
    pub sequence: Sequence,
    /// The publication it builds on.
    pub base_sequence: Sequence,
    /// [`Progress::Sealed`] or [`Progress::Published`].
    pub progress: Progress,
    /// The folder it stands in, relative to the root.
    pub folder: String,
    /// The common start of its file names.
    pub stem: String,
    /// The notice, byte for byte as published.
    pub notice: String,
    /// The run that made it; one run makes one.
    pub run_id: String,
    /// When it was sealed.
    pub sealed_at: String,
}

/// What comparing what a receiver holds with what it was given came to. Counts only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconciliationRecord {
    /// The feed.
    pub feed: FeedId,
    /// The receiver.
    pub receiver: BusinessId,
    /// As of which publication.
    pub sequence: Sequence,
    /// Rows it was given.
    pub n_rows_here: u64,
    /// Rows it holds.
    pub n_rows_there: u64,
    /// Of 256 buckets, those that differ.
    pub n_buckets: u16,
    /// Whether both are the same.
    pub is_same: bool,
    /// SHA-256 of what the receiver said.
    pub source: Digest,
    /// When it was compared.
    pub at: Moment,
}

/// Reading.
pub trait MendingReading {
    /// Diffs for single receivers in the order in which they were sealed: of one feed or progress, or of all.
    fn mendings(
        &self,
        feed: Option<&FeedId>,
        progress: Option<Progress>,
    ) -> Result<Vec<MendingRecord>, StoreError>;

    /// The last comparison with a receiver of a feed; with `only_same`, the last that found both the same.
    fn last_reconciliation(
        &self,
        feed: &FeedId,
        receiver: &BusinessId,
        only_same: bool,
    ) -> Result<Option<ReconciliationRecord>, StoreError>;
}

/// Writing.
pub trait MendingWriting: MendingReading {
    /// Records a sealed diff for one receiver.
    fn seal_mending(&mut self, mending: &MendingRecord) -> Result<(), StoreError>;

    /// Marks the one that a run made as published; again is the same.
    fn settle_mending(&mut self, run_id: &str) -> Result<(), StoreError>;

    /// Takes a sealed one off the record, because a later one takes its place. Nothing where it is not sealed.
    fn drop_mending(&mut self, run_id: &str) -> Result<(), StoreError>;

    /// Records what a comparison came to.
    fn record_reconciliation(&mut self, record: &ReconciliationRecord) -> Result<(), StoreError>;
}
