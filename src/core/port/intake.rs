//! The intake port: what a taker holds of others' interfaces, and the marks of what it took in.
//!
//! The mark of a set commits in the same transaction as its rows, so a set is taken in exactly once however the
//! process dies. Of every row its key and digest are kept beside the values, so that a diff can be proven and
//! both sides compared without trusting the values' table. SQLite and PostgreSQL stand behind it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use chrono::NaiveDate;
use serde::Serialize;

use crate::ids::{Branch, Digest, FeedId, IntakeId, InterfaceId, Sequence, Version};
use crate::moment::Moment;
use crate::port::StoreError;
use crate::publication::Kind;
use crate::state::{FeedState, RowDigest};

/// The taker's database.
pub trait IntakeStore: Send + Sync {
    /// What an intake stands at; `None` before its first full.
    fn head(&self, intake: &IntakeId) -> Result<Option<IntakeHead>, StoreError>;

    /// The set of a feed that was taken in under this sequence, the last of them.
    fn taken(
        &self,
        intake: &IntakeId,
        feed: &FeedId,
        sequence: Sequence,
    ) -> Result<Option<SetRecord>, StoreError>;

    /// The last `limit` sets on record, newest first: of one intake or of all, whatever became of them.
    fn sets(&self, intake: Option<&IntakeId>, limit: u32) -> Result<Vec<SetRecord>, StoreError>;

    /// The last set on record whose notice had these bytes, whatever became of it.
    fn last_of_notice(
        &self,
        intake: &IntakeId,
        notice_sha256: &Digest,
    ) -> Result<Option<SetRecord>, StoreError>;

    /// The notices that need no second judgement: those of sets taken in, repeated or passed over.
    fn settled(&self, intake: &IntakeId) -> Result<BTreeSet<Digest>, StoreError>;

    /// Records what became of a set that changes no rows, and gives its number.
    fn note(&self, record: &SetRecord) -> Result<u64, StoreError>;

    /// The sets whose receipt has not been handed out, oldest first.
    fn unanswered(&self, limit: u32) -> Result<Vec<SetRecord>, StoreError>;

    /// Marks the receipt of a set as handed out.
    fn mark_answered(&self, set_no: u64) -> Result<(), StoreError>;

    /// Begins to take in a set: an empty staging table. What a cut-off process staged is gone. The intake's table
    /// is made where it is missing; one with other columns is [`StoreError::Unavailable`] with what differs.
    fn begin_taking(&self, intake: &IntakeId, table: &TableSpec) -> Result<Box<dyn Taking + '_>, StoreError>;

    /// The same to see what it would do: nothing is made where it is missing, and [`Taking::finish`] is an error.
    fn preview_taking(
        &self,
        intake: &IntakeId,
        table: &TableSpec,
    ) -> Result<Box<dyn Taking + '_>, StoreError>;

    /// Every row held, by key, until told to stop.
    fn held_rows(
        &self,
        intake: &IntakeId,
        each: &mut dyn FnMut(HeldRow<'_>) -> ControlFlow<()>,
    ) -> Result<(), StoreError>;
}

/// One set being taken in. Dropped, it leaves nothing.
pub trait Taking {
    /// Puts rows on the staging table. A key twice is [`StoreError::DuplicateRow`]. Memory does not grow.
    fn stage(&mut self, rows: &[StagedRow<'_>]) -> Result<(), StoreError>;

    /// Gives bucket and digest of each row held now whose key was staged: what a diff takes out of the state.
    fn held_before(&mut self, each: &mut dyn FnMut(usize, RowDigest)) -> Result<(), StoreError>;

    /// What [`Taking::finish`] would do; changes nothing.
    fn effect(&mut self, mode: TakeMode) -> Result<TakeCounts, StoreError>;

    /// Brings the staged rows into the table and records the set, in one transaction. The number of the record is
    /// given by the store; its counts are the taker's, for rows may have gone elsewhere too. Gives what was done here.
    fn finish(self: Box<Self>, mode: TakeMode, record: &SetRecord) -> Result<TakeCounts, StoreError>;
}

/// How staged rows go into the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeMode {
    /// 洗い替え: afterwards the table has the staged rows and no others.
    Replace,
    /// Staged rows are added or changed; others stay.
    Merge,
    /// As merged, and the rows marked as removed are taken out.
    Diff,
    /// As [`TakeMode::Diff`], from the state that the rows held give, whatever sum is on record; also of the very
    /// set taken in last.
    Correct,
}

/// A table that rows go into. Names are of a-z, 0-9 and `_`, so they need no quoting in any database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSpec {
    /// Its name; `None` keeps keys and digests only, where values go elsewhere.
    pub table: Option<String>,
    /// Its columns, all text, in the layout's order.
    pub columns: Vec<String>,
    /// Which of them make the key, in the key's order.
    pub key_columns: Vec<usize>,
}

/// A row on its way in.
#[derive(Debug, Clone, Copy)]
pub struct StagedRow<'r> {
    /// The key's fields joined by U+001F.
    pub key: &'r [u8],
    /// Its bucket, 0 to 255 ([`crate::state::bucket_of`]).
    pub bucket: usize,
    /// The digest of its line as text.
    pub digest: RowDigest,
    /// True for a row that is to go.
    pub is_removed: bool,
    /// True for a row with errors that is held back: its digest counts, its values are not written.
    pub is_parked: bool,
    /// Its values in the order of [`TableSpec::columns`]; empty where no values are kept.
    pub values: &'r [Cow<'r, str>],
}

/// A row as held.
#[derive(Debug, Clone, Copy)]
pub struct HeldRow<'r> {
    /// The key's fields joined by U+001F.
    pub key: &'r [u8],
    /// Its bucket.
    pub bucket: usize,
    /// Its digest.
    pub digest: RowDigest,
    /// True for one whose values were held back.
    pub is_parked: bool,
}

/// What a set does to a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TakeCounts {
    /// 追加: rows that were not there.
    pub added: u64,
    /// 更新: rows with other content than before.
    pub changed: u64,
    /// 削除: rows that went.
    pub removed: u64,
    /// Rows that were there just so.
    pub unchanged: u64,
    /// Rows to be removed that were not there.
    pub absent: u64,
}

/// What an intake stands at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntakeHead {
    /// The feed it follows.
    pub feed: FeedId,
    /// Its version (版数).
    pub version: Version,
    /// The last set taken in that moved the state.
    pub sequence: Sequence,
    /// What that set was.
    pub content_sha256: Digest,
    /// What is held now.
    pub state: FeedState,
    /// The business date of that set.
    pub business_date: NaiveDate,
    /// When it was taken in.
    pub taken_at: Moment,
}

/// What became of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// 取込済: its rows are in.
    Taken,
    /// 再受信: it was taken in before, with the same content.
    Repeated,
    /// 対象外: it moves no state here: an extract, or older than the first full.
    Passed,
    /// 待ち: it waits for others before it.
    Waiting,
    /// 拒否: it is in quarantine.
    Refused,
}

impl Outcome {
    /// The word in tables, receipts and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Repeated => "repeated",
            Self::Passed => "passed",
            Self::Waiting => "waiting",
            Self::Refused => "refused",
        }
    }

    /// Reads [`Outcome::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Taken, Self::Repeated, Self::Passed, Self::Waiting, Self::Refused]
            .into_iter()
            .find(|outcome| outcome.as_str() == text)
    }
}

/// One set on record. What a notice that cannot be read does not say is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetRecord {
    /// Its number; whoever records leaves 0 and the store gives the next.
    pub set_no: u64,
    /// The intake.
    pub intake: IntakeId,
    /// The notice's file name, or what could be made of it.
    pub notice_name: String,
    /// SHA-256 of the notice's bytes.
    pub notice_sha256: Digest,
    /// [`crate::notice::Notice::content_sha256`]; `None` where the notice could not be read.
    pub content_sha256: Option<Digest>,
    /// 連携ID and 枝番.
    pub interface: Option<(InterfaceId, Branch)>,
    /// 版数.
    pub version: Option<Version>,
    /// The sender's feed.
    pub feed: Option<FeedId>,
    /// Its content.
    pub kind: Option<Kind>,
    /// Its number in the feed.
    pub sequence: Option<Sequence>,
    /// Its business date.
    pub business_date: Option<NaiveDate>,
    /// What became of it.
    pub outcome: Outcome,
    /// Rows in its files.
    pub n_rows: u64,
    /// What it did to the table; zeros unless taken.
    pub counts: TakeCounts,
    /// Rows taken in with warnings.
    pub n_warned: u64,
    /// Rows held back for errors.
    pub n_parked: u64,
    /// What is held after it; `Some` exactly for sets that were taken and moved the state.
    pub state: Option<FeedState>,
    /// The receipt, byte for byte as answered; it has the reasons.
    pub receipt: String,
    /// The run it was judged in; empty for an agent without runs.
    pub run_id: String,
    /// When.
    pub at: Moment,
}
