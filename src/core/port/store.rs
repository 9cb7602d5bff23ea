//! The store port: everything durable. SQLite stands behind it by default; whatever stands behind it
//! passes the behaviour suite of `store`.

use std::ops::ControlFlow;

use chrono::NaiveDate;
use renkei_registry::{AtenaNo, RowKey};

use crate::alert::{Alert, AlertKey, Channel};
use crate::audit::AuditLink;
use crate::fault::{Class, Fault};
use crate::ids::{CommitNo, Digest, FeedId, JobId, Sequence, Window};
use crate::moment::Moment;
use crate::port::access::{AccessReading, AccessWriting};
use crate::port::alerts::{AlertRecord, DeliveryRecord, Opened, WaitingMessage};
use crate::port::delivery::{DeliveryReading, DeliveryWriting};
use crate::port::ledger::{LedgerReading, LedgerWriting};
use crate::port::mending::{MendingReading, MendingWriting};
use crate::port::pull::{PullReading, PullWriting};
use crate::port::records::{AuditEntry, CommitRecord, PublicationRecord, StandingPublication};
use crate::port::runs::{AttemptRecord, HoldRecord, JobRecord, RunRecord, SlotRecord, StepRecord};
use crate::port::transfer::{TransferReading, TransferWriting};
use crate::publication::Progress;
use crate::retention::RunAge;

/// Which rows a scan gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowSet {
    /// The row with 最新フラグ of each resident, by 宛名番号.
    Latest,
    /// Every row, by 宛名番号, 個人履歴番号, 枝番.
    History,
}

/// Whether rows come with their 個人番号 readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// As stored: the number stays ciphertext, marked so in the row.
    Sealed,
    /// In clear: only for moves and for feeds whose interface has the number.
    Clear,
}

/// One row as it was and as it is to be; at least one of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// The row's key.
    pub key: RowKey,
    /// Packed, number in clear; `None` for a new row.
    pub before: Option<Vec<u8>>,
    /// Packed, number in clear; `None` for a removed row.
    pub after: Option<Vec<u8>>,
}

/// A database behind the port.
pub trait Store: Send + Sync {
    /// One instant of everything, unchanged by later commits, for as long as it is held.
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StoreError>;

    /// The one write transaction; waits for another's end as long as the store was opened to wait, then
    /// fails with [`StoreError::Busy`]. Dropped without [`Transaction::commit`], it leaves nothing.
    fn begin(&self) -> Result<Box<dyn Transaction + '_>, StoreError>;
}

/// Reading, as of one instant.
pub trait Snapshot:
    TransferReading + LedgerReading + AccessReading + DeliveryReading + MendingReading + PullReading
{
    /// The last commit; 0 for an empty registry.
    fn head(&self) -> Result<CommitNo, StoreError>;

    /// Gives packed rows in key order, one at a time, until `each` breaks. Memory does not grow with rows.
    fn scan(
        &self,
        rows: RowSet,
        numbers: Numbers,
        each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError>;

    /// How many rows a scan gives; for progress, so it may be as of the last commit.
    fn n_rows(&self, rows: RowSet) -> Result<u64, StoreError>;

    /// The residents with a row changed in the window, ascending. The load commit, which has no lines in
    /// the change log, gives none: a window that holds it is a full's.
    fn changed_residents(&self, window: Window) -> Result<Vec<AtenaNo>, StoreError>;

    /// All rows of a resident as they were right after commit `at`, packed, in key order.
    fn rows_of(&self, atena_no: AtenaNo, at: CommitNo, numbers: Numbers) -> Result<Vec<Vec<u8>>, StoreError>;

    /// The load commit, if the registry was loaded.
    fn load_commit(&self) -> Result<Option<CommitNo>, StoreError>;

    /// The commit that took in the file with this digest, if one did.
    fn commit_of_source(&self, source_sha256: &Digest) -> Result<Option<CommitRecord>, StoreError>;

    /// The last `limit` commits, newest first.
    fn commits(&self, limit: u32) -> Result<Vec<CommitRecord>, StoreError>;

    /// The last publication of a feed that moved its state, sealed or published: where a diff starts. One that
    /// is held has moved nothing yet, one that was discarded never will.
    fn feed_head(&self, feed: &FeedId) -> Result<Option<PublicationRecord>, StoreError>;

    /// The highest sequence number a feed has given out; 0 for none. A discarded publication's counts as given
    /// back.
    fn last_sequence(&self, feed: &FeedId) -> Result<Sequence, StoreError>;

    /// Publications, oldest first: of one feed or of all, of one progress or of any.
    fn publications(
        &self,
        feed: Option<&FeedId>,
        progress: Option<Progress>,
    ) -> Result<Vec<PublicationRecord>, StoreError>;

    /// The publications whose files are not marked as removed, by feed and sequence.
    fn standing_publications(&self) -> Result<Vec<StandingPublication>, StoreError>;

    /// The runs asked for before a time that are no part of another, each followed by all its parts.
    fn runs_before(&self, before: Moment) -> Result<Vec<RunAge>, StoreError>;

    /// How many slots planned before a time were skipped without a run.
    fn n_skipped_slots(&self, before: Moment) -> Result<u64, StoreError>;

    /// How many rows on deliveries, receipts, alerts and comparisons were written before a time and are not the last
    /// word on anything.
    fn n_old_records(&self, before: Moment) -> Result<u64, StoreError>;

    /// The publication of a feed that has this sequence; not a discarded one that had it.
    fn publication(&self, feed: &FeedId, sequence: Sequence)
    -> Result<Option<PublicationRecord>, StoreError>;

    /// The last `limit` publications, of one feed or of all, newest first, without those that were discarded.
    fn last_publications(
        &self,
        feed: Option<&FeedId>,
        limit: u32,
    ) -> Result<Vec<PublicationRecord>, StoreError>;

    /// The last `limit` runs, newest first.
    fn runs(&self, limit: u32) -> Result<Vec<RunRecord>, StoreError>;

    /// The run with this id.
    fn run(&self, run_id: &str) -> Result<Option<RunRecord>, StoreError>;

    /// The runs with an order that are not at their end, oldest first: the queue and what is at work.
    fn open_runs(&self) -> Result<Vec<RunRecord>, StoreError>;

    /// The runs of jobs that wait for a person's release, oldest first, those run in place included.
    fn held_runs(&self) -> Result<Vec<RunRecord>, StoreError>;

    /// The runs that are no part of another for business dates in `from..=through`, oldest first.
    fn runs_for(&self, from: NaiveDate, through: NaiveDate) -> Result<Vec<RunRecord>, StoreError>;

    /// The last `limit` runs of a job at their end, newest first.
    fn runs_of_job(&self, job: &JobId, limit: u32) -> Result<Vec<RunRecord>, StoreError>;

    /// The parts of a run, oldest first.
    fn parts(&self, run_id: &str) -> Result<Vec<RunRecord>, StoreError>;

    /// The tries of a run, in order.
    fn attempts(&self, run_id: &str) -> Result<Vec<AttemptRecord>, StoreError>;

    /// The slots of business dates in `from..=through`, by planned time and job.
    fn slots_for(&self, from: NaiveDate, through: NaiveDate) -> Result<Vec<SlotRecord>, StoreError>;

    /// How every job stands that was ever planned, held or switched, by id.
    fn jobs(&self) -> Result<Vec<JobRecord>, StoreError>;

    /// The steps of a run, in order.
    fn steps(&self, run_id: &str) -> Result<Vec<StepRecord>, StoreError>;

    /// The audit from its start, `limit` lines after `after`.
    fn audit(&self, after: u64, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;

    /// Where the audit is proven from: [`AuditLink::START`], or what [`Transaction::set_audit_base`] set.
    fn audit_base(&self) -> Result<AuditLink, StoreError>;

    /// The audit's last line; the base where there is none.
    fn audit_head(&self) -> Result<AuditLink, StoreError>;
    /// The last `limit` alerts, newest first: those that stand open, or all.
    fn alerts(&self, only_open: bool, limit: u32) -> Result<Vec<AlertRecord>, StoreError>;

    /// The messages of a channel that wait to be told, oldest first.
    fn undelivered_alerts(&self, channel: Channel) -> Result<Vec<WaitingMessage>, StoreError>;

    /// When the last `limit` messages of a channel went out, newest first: sent, or handed to a program.
    fn alerts_sent_at(&self, channel: Channel, limit: u32) -> Result<Vec<Moment>, StoreError>;
}

/// Writing: all of it or none.
pub trait Transaction:
    TransferWriting + LedgerWriting + AccessWriting + DeliveryWriting + MendingWriting + PullWriting
{
    /// All rows of a resident as of now, packed, number in clear, in key order.
    fn rows_of(&self, atena_no: AtenaNo) -> Result<Vec<Vec<u8>>, StoreError>;

    /// The latest rows of a household's members (世帯番号 as written), packed, numbers sealed, by 宛名番号.
    fn household(&self, setai_no: &str) -> Result<Vec<Vec<u8>>, StoreError>;

    /// Writes one row of a first load. Rows come in key order; a key twice is [`StoreError::DuplicateRow`].
    fn load_row(&mut self, key: RowKey, packed: &[u8]) -> Result<(), StoreError>;

    /// Writes row changes of a set of moves, any number of times before [`Transaction::record_commit`]; memory
    /// does not grow with the set. A `before` that is not what stands now is [`StoreError::LostUpdate`].
    /// A row changed again in the same set is one line of the change log: from its first `before` to its last
    /// `after`, and no line where both are the same.
    fn change_rows(&mut self, changes: &[RowChange]) -> Result<(), StoreError>;

    /// Ends a set of moves or a load: gives it the next number, which becomes visible to snapshots only with
    /// this transaction, after all smaller ones, and returns the record as kept, with number and count of
    /// rows changed. A load needs an empty registry (else [`StoreError::NotEmpty`]).
    fn record_commit(&mut self, commit: &CommitRecord) -> Result<CommitRecord, StoreError>;

    /// Records a publication, sealed or held. Its sequence must be the feed's last plus one
    /// (else [`StoreError::SequenceTaken`]).
    fn seal(&mut self, publication: &PublicationRecord) -> Result<(), StoreError>;

    /// Marks a sealed publication as published; again is the same.
    fn settle(&mut self, feed: &FeedId, sequence: Sequence) -> Result<(), StoreError>;

    /// Marks a publication's files as removed from the folder; the publication stays on record.
    fn mark_files_removed(&mut self, feed: &FeedId, sequence: Sequence, at: &str) -> Result<(), StoreError>;

    /// Marks a publication's files as given again: they stand in the folder, and their time counts anew.
    fn mark_redelivered(&mut self, feed: &FeedId, sequence: Sequence, at: &str) -> Result<(), StoreError>;

    /// Removes runs with their tries, steps and slots. The parts of a run must be among them, or the run stays
    /// and this is [`StoreError::Missing`].
    fn remove_runs(&mut self, run_ids: &[String]) -> Result<(), StoreError>;

    /// Removes the slots planned before a time that were skipped without a run, and says how many.
    fn remove_skipped_slots(&mut self, before: Moment) -> Result<u64, StoreError>;

    /// Removes the rows that [`Snapshot::n_old_records`] counts, and says how many.
    fn remove_old_records(&mut self, before: Moment) -> Result<u64, StoreError>;

    /// Removes a published diff for one receiver from the record; one that is not there is well.
    fn remove_mending(&mut self, run_id: &str) -> Result<(), StoreError>;

    /// Marks a held publication as sealed: from here on it is published like any other. Any other progress is
    /// [`StoreError::Missing`].
    fn release(&mut self, feed: &FeedId, sequence: Sequence) -> Result<(), StoreError>;

    /// Marks a held publication as discarded and gives its sequence back. Any other progress is
    /// [`StoreError::Missing`].
    fn discard(&mut self, feed: &FeedId, sequence: Sequence) -> Result<(), StoreError>;

    /// Writes a run: new, or over the one with its id.
    fn put_run(&mut self, run: &RunRecord) -> Result<(), StoreError>;

    /// Writes a try of a run: new, or over the one with its run and number.
    fn put_attempt(&mut self, attempt: &AttemptRecord) -> Result<(), StoreError>;

    /// Notes who asks for a run to be called off. Whoever runs it ends it at its next safe point.
    fn ask_cancel(&mut self, run_id: &str, operator: &str) -> Result<(), StoreError>;

    /// Writes a slot; false, and nothing written, when the slot is on record already.
    fn put_slot(&mut self, slot: &SlotRecord) -> Result<bool, StoreError>;

    /// Marks a slot's run as overtaken: the slot becomes skipped for `reason`.
    fn skip_slot(&mut self, slot: &SlotRecord, reason: &str) -> Result<(), StoreError>;

    /// Forgets slots of the job that were skipped without a run and are planned after `now`: the clock was set
    /// back, and they will come again.
    fn forget_skipped(&mut self, job: &JobId, now: Moment) -> Result<(), StoreError>;

    /// Notes up to when a job's slots are on record.
    fn set_accounted(&mut self, job: &JobId, through: Moment) -> Result<(), StoreError>;

    /// Holds a job's runs back, or lets them go.
    fn set_hold(&mut self, job: &JobId, hold: Option<&HoldRecord>) -> Result<(), StoreError>;

    /// Sets whether a job runs, over its declaration; `None` leaves it to the declaration again.
    fn set_enabled(&mut self, job: &JobId, enabled: Option<bool>) -> Result<(), StoreError>;

    /// Writes a step: new, or over the one with its run and number.
    fn put_step(&mut self, step: &StepRecord) -> Result<(), StoreError>;

    /// Appends to the audit, with number and chain.
    fn append_audit(&mut self, entry: &AuditEntry) -> Result<(), StoreError>;

    /// Lets the audit be proven from after `base`. Whoever calls it appends a line with
    /// [`AuditLink::base_action`], which says why.
    fn set_audit_base(&mut self, base: AuditLink) -> Result<(), StoreError>;

    /// Removes the audit's lines up to the base set, and says how many there were.
    fn remove_audit_before_base(&mut self) -> Result<u64, StoreError>;
    /// Opens an alert and puts a message of it into the outbox of each channel. While its condition stands
    /// open, opening it again counts and nothing more, unless it is graver than before. One that passes by
    /// itself is over at once.
    fn open_alert(&mut self, alert: &Alert, channels: &[Channel]) -> Result<Opened, StoreError>;

    /// Ends the open alert of a condition and puts its all-clear into the outbox of each channel that it was
    /// put into; false where none is open.
    fn clear_alert(&mut self, key: &AlertKey, at: Moment) -> Result<bool, StoreError>;

    /// Records one try to tell these messages, several where it was a summary, and how it leaves them.
    fn put_delivery(&mut self, message_nos: &[u64], delivery: &DeliveryRecord) -> Result<(), StoreError>;

    /// Makes all of it durable.
    fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// What can go wrong in a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another writer holds the database.
    #[error("another process is writing to the database")]
    Busy,
    /// The database's server is not there, or went away in the middle; what was under way is undone unless it had
    /// ended.
    #[error("the connection to the database was lost: {detail}")]
    ConnectionLost {
        /// The database's or the system's words.
        detail: String,
    },
    /// No room on the volume.
    #[error("no space left on the volume of the database: {detail}")]
    Full {
        /// The database's words.
        detail: String,
    },
    /// The database cannot be opened, read or written.
    #[error("the database cannot be used: {detail}")]
    Unavailable {
        /// The database's words.
        detail: String,
    },
    /// The database is damaged.
    #[error("the database is damaged: {detail}")]
    Corrupt {
        /// Where or what.
        detail: String,
    },
    /// Written by a later program.
    #[error("the database is of a later version ({found}) than this program knows ({known})")]
    TooNew {
        /// The database's schema number.
        found: u32,
        /// The program's.
        known: u32,
    },
    /// The database stands on a network file system, where locks and shared memory are not to be trusted.
    #[error("the database would stand on a network file system ({kind}): {path}")]
    NetworkVolume {
        /// The file system's kind.
        kind: &'static str,
        /// The database's path.
        path: String,
    },
    /// No key for 個人番号.
    #[error("no key for individual numbers: {detail}")]
    NoKey {
        /// What is missing or malformed.
        detail: String,
    },
    /// Another key than the one the database was written with.
    #[error("the key for individual numbers is not the one this database was written with")]
    WrongKey,
    /// A load met rows.
    #[error("the registry already holds rows")]
    NotEmpty,
    /// The same key twice in a load.
    #[error("row {row_no} of the load has the key of a row before it")]
    DuplicateRow {
        /// Which row of the load, from 1.
        row_no: u64,
    },
    /// A resident would have two rows with 最新フラグ.
    #[error("row {row_no} would be its resident's second with the latest flag")]
    TwoLatest {
        /// Which row of the load, or which change of the commit, from 1.
        row_no: u64,
    },
    /// What stands is not what the change was computed from.
    #[error("a row changed under the writer")]
    LostUpdate,
    /// Another publication has the sequence.
    #[error("sequence {sequence} of feed {feed} is taken")]
    SequenceTaken {
        /// The feed.
        feed: FeedId,
        /// The sequence.
        sequence: Sequence,
    },
    /// No such record.
    #[error("{what} is not in the database")]
    Missing {
        /// What was looked for.
        what: String,
    },
}

impl Fault for StoreError {
    fn code(&self) -> &'static str {
        match self {
            StoreError::Busy => "store.busy",
            StoreError::ConnectionLost { .. } => "store.connection-lost",
            StoreError::Full { .. } => "store.full",
            StoreError::Unavailable { .. } => "store.unavailable",
            StoreError::Corrupt { .. } => "store.corrupt",
            StoreError::TooNew { .. } => "store.too-new",
            StoreError::NetworkVolume { .. } => "store.network-volume",
            StoreError::NoKey { .. } => "store.no-key",
            StoreError::WrongKey => "store.wrong-key",
            StoreError::NotEmpty => "store.not-empty",
            StoreError::DuplicateRow { .. } => "store.duplicate-row",
            StoreError::TwoLatest { .. } => "store.two-latest",
            StoreError::LostUpdate => "store.lost-update",
            StoreError::SequenceTaken { .. } => "store.sequence-taken",
            StoreError::Missing { .. } => "store.missing",
        }
    }

    fn class(&self) -> Class {
        match self {
            StoreError::Busy | StoreError::ConnectionLost { .. } => Class::Retry,
            StoreError::LostUpdate | StoreError::SequenceTaken { .. } | StoreError::Missing { .. } => {
                Class::Bug
            }
            _ => Class::Operator,
        }
    }
}
