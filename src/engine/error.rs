//! What can end a use case.

use chrono::NaiveDate;
use renkei_core::notice::NoticeError;
use renkei_core::port::{FolderError, StoreError};
use renkei_core::receive::{HoldingError, ReceiptError};
use renkei_core::redo::{RedeliverRefusal, RemakeRefusal};
use renkei_core::transfer::{CaseNo, Refused};
use renkei_core::{
    BusinessId, Class, CommitNo, DestinationId, Fault, FeedId, FileName, IdError, IntakeId, Sequence,
};
use renkei_registry::{HistoryError, PackedError};

use crate::run::STOPPED;

/// An error of the engine. Places are file lines and columns; nothing in it is personal.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The database.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The folders.
    #[error("the folders failed")]
    Folder(#[from] FolderError),
    /// A notice of our own that cannot be made.
    #[error("the notice cannot be made")]
    Notice(#[from] NoticeError),
    /// A name our own template makes is no file name.
    #[error("the declared naming gives no file name")]
    Name(#[from] IdError),
    /// A stored row that cannot be read.
    #[error("a stored row cannot be read")]
    Packed(#[from] PackedError),
    /// A stored history that breaks its rules.
    #[error("a stored history breaks its rules")]
    History(#[from] HistoryError),
    /// An input file that cannot be read.
    #[error("{file} cannot be read")]
    Input {
        /// Its name as given.
        file: String,
        /// The system's words.
        source: std::io::Error,
    },
    /// An input file whose header does not fit.
    #[error("{file}: {problem}")]
    Header {
        /// Its name as given.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// Issues in an input file; they are listed beside the error.
    #[error("{file}: {n_issues} issues; nothing was taken in")]
    Refused {
        /// Its name as given.
        file: String,
        /// How many.
        n_issues: usize,
    },
    /// The same bytes were taken in before.
    #[error("{file} was already taken in as commit {commit_no} at {at}")]
    SameFile {
        /// Its name as given.
        file: String,
        /// The commit.
        commit_no: CommitNo,
        /// When.
        at: String,
        /// How many of its moves were applied then.
        n_moves: u64,
    },
    /// The layout's version is not in force.
    #[error("version {version} of feed {feed} is not in force on {day}")]
    NotInForce {
        /// The feed.
        feed: FeedId,
        /// 版数.
        version: String,
        /// The business date.
        day: NaiveDate,
    },
    /// A diff of a feed that was never published in full.
    #[error("feed {feed} has no full to build a diff on")]
    NoBase {
        /// The feed.
        feed: FeedId,
    },
    /// A diff on a publication that is sealed and did not reach its folder.
    #[error("publication {sequence} of feed {feed}, on which the diff would build, did not reach its folder")]
    BaseLost {
        /// The feed.
        feed: FeedId,
        /// The publication.
        sequence: Sequence,
    },
    /// A feed that a destination is not given.
    #[error("destination {destination} is not given feed {feed}")]
    NotGiven {
        /// The destination.
        destination: DestinationId,
        /// The feed.
        feed: FeedId,
    },
    /// Somebody else is fetching from the source.
    #[error("somebody else is fetching from {source_id}: {holder}")]
    SourceBusy {
        /// The source.
        source_id: renkei_core::DestinationId,
        /// Who.
        holder: String,
    },
    /// Somebody else is delivering to the destination.
    #[error("somebody else is delivering to {destination}: {holder}")]
    DestinationBusy {
        /// The destination.
        destination: DestinationId,
        /// Which command or process.
        holder: String,
    },
    /// A sealed publication that the folders do not take or no longer have.
    #[error("publication {sequence} of feed {feed} was cut off and cannot be finished")]
    Unfinished {
        /// The feed.
        feed: FeedId,
        /// The publication.
        sequence: Sequence,
        /// Why.
        source: FolderError,
    },
    /// A diff that would hide a change of declarations.
    #[error("the layout or rendering of feed {feed} changed since its publication {sequence}")]
    RenderingChanged {
        /// The feed.
        feed: FeedId,
        /// The publication.
        sequence: Sequence,
    },
    /// A diff across the first load of the registry, which has no change log.
    #[error("the registry was loaded since publication {sequence} of feed {feed}")]
    LoadInWindow {
        /// The feed.
        feed: FeedId,
        /// The publication.
        sequence: Sequence,
    },
    /// A resident who is not in the registry.
    #[error("the registry has no resident of that number")]
    NoSuchResident,
    /// Rows whose characters a feed cannot carry.
    #[error("{n_rows} rows of feed {feed} cannot be written{}", report_place(report.as_deref()))]
    Unwritable {
        /// The feed.
        feed: FeedId,
        /// How many rows.
        n_rows: u64,
        /// Where they are listed.
        report: Option<String>,
    },
    /// The proof failed: nothing was published.
    #[error("feed {feed}: {what}")]
    ProofFailed {
        /// The feed.
        feed: FeedId,
        /// What does not add up.
        what: String,
    },
    /// A run's order names a feed that is no longer declared.
    #[error("feed {feed} is not declared any more")]
    FeedGone {
        /// The feed.
        feed: FeedId,
    },
    /// A run's order names an intake that is no longer declared.
    #[error("intake {intake} is not declared any more")]
    IntakeGone {
        /// The intake.
        intake: IntakeId,
    },
    /// A run's order cannot be read: a later program wrote it.
    #[error("the order of run {run_id} cannot be read")]
    UnknownOrder {
        /// The run.
        run_id: String,
    },
    /// A run panicked.
    #[error("the run stopped at {place}")]
    Panic {
        /// File and line.
        place: String,
    },
    /// A run was cut off as often as it may be tried.
    #[error("the run was cut off {n_tries} times")]
    CutOff {
        /// How often it was tried.
        n_tries: u32,
    },
    /// The work was asked to end, and ended at a safe point.
    #[error("the work was stopped at a safe point")]
    Stopped,
    /// A feed whose last publication waits for a release.
    #[error("publication {sequence} of feed {feed} is held for review since {since}")]
    Held {
        /// The feed.
        feed: FeedId,
        /// The publication.
        sequence: Sequence,
        /// Since when.
        since: String,
    },
    /// A release or discard of a feed that has nothing held.
    #[error("feed {feed} has no publication that is held")]
    NotHeld {
        /// The feed.
        feed: FeedId,
    },
    /// A held publication whose stage no longer has what was reviewed.
    #[error(
        "{file} of the held publication {sequence} of feed {feed} is not on the stage as it was reviewed"
    )]
    HeldLost {
        /// The feed.
        feed: FeedId,
        /// The publication.
        sequence: Sequence,
        /// The first such file.
        file: FileName,
    },
    /// A sequence that no publication has.
    #[error("feed {feed} has no publication {sequence}")]
    NoSuchPublication {
        /// The feed.
        feed: FeedId,
        /// The sequence.
        sequence: Sequence,
    },
    /// A publication that cannot be given again.
    #[error("publication {sequence} of feed {feed} cannot be given again: {}", listed(refusals))]
    RedeliverRefused {
        /// The feed.
        feed: FeedId,
        /// The publication.
        sequence: Sequence,
        /// Why.
        refusals: Vec<RedeliverRefusal>,
    },
    /// A publication that cannot be made again so.
    #[error("publication {sequence} of feed {feed} cannot be made again so: {}", listed(refusals))]
    RemakeRefused {
        /// The feed.
        feed: FeedId,
        /// The publication.
        sequence: Sequence,
        /// Why.
        refusals: Vec<RemakeRefusal>,
    },
    /// A receiver that cannot, or need not, be mended so.
    #[error("receiver {receiver} of feed {feed} is not mended: {}", listed(whys))]
    MendRefused {
        /// The feed.
        feed: FeedId,
        /// The receiver.
        receiver: BusinessId,
        /// Why, way by way.
        whys: Vec<String>,
    },
    /// A receiver holds a row that cannot be taken out by a diff, whose rows are whole ones.
    #[error(
        "a receiver of feed {feed} holds a row that no diff can take out: the registry never had its like"
    )]
    SurplusUnknown {
        /// The feed.
        feed: FeedId,
    },
    /// More rows differ than a diff is made of.
    #[error("more than {most} rows of feed {feed} differ: a full is the way")]
    TooDifferent {
        /// The feed.
        feed: FeedId,
        /// How many a diff is made of at most.
        most: usize,
    },
    /// The report on what differs could not be written; why was told where it happened.
    #[error("the report on what differs could not be written")]
    ReportNotKept,
    /// What a receiver says it holds cannot be used.
    #[error(transparent)]
    Holding(#[from] HoldingError),
    /// A receipt of our own, read back from the database, is none.
    #[error("a receipt on record cannot be read")]
    Receipt(#[from] ReceiptError),
    /// Whoever takes over verified sets did not take this one.
    #[error("a verified set was not taken over")]
    HandOver {
        /// Of the fault behind it.
        class: Class,
    },
    /// A transfer case that is not on record.
    #[error("there is no transfer case {case_no}")]
    NoSuchCase {
        /// The case.
        case_no: CaseNo,
    },
    /// Something that may not happen to a transfer case as it stands.
    #[error("transfer case {case_no} stays as it is")]
    CaseRefused {
        /// The case.
        case_no: CaseNo,
        /// Why.
        source: Refused,
    },
    /// A transfer case whose content is erased.
    #[error("what transfer case {case_no} held was erased")]
    CaseErased {
        /// The case.
        case_no: CaseNo,
    },
    /// A transfer case that lacks what its move needs.
    #[error("transfer case {case_no} lacks {} to become a move", fields.join(", "))]
    CaseIncomplete {
        /// The case.
        case_no: CaseNo,
        /// The fields without a text, by id.
        fields: Vec<&'static str>,
    },
    /// A transfer case whose move the registry does not take.
    #[error("the registry does not take the move of transfer case {case_no}: {why}")]
    CaseMoveRefused {
        /// The case.
        case_no: CaseNo,
        /// Its rules and items.
        why: String,
    },
    /// The registry changed between a transfer case's verification and its move.
    #[error("the registry says something else of transfer case {case_no} than when it was verified")]
    CaseOvertaken {
        /// The case.
        case_no: CaseNo,
    },
    /// A file of a transfer case that was on its way when the process ended, and is neither here nor there.
    #[error("whether {receiver} has the file of transfer case {case_no} cannot be seen in {folder}")]
    CaseUnclear {
        /// The case.
        case_no: CaseNo,
        /// The receiver.
        receiver: String,
        /// Where it was to stand.
        folder: String,
    },
    /// A worker thread of the run ended early.
    #[error("a worker of the run ended without a word")]
    Worker,
}

fn listed(refusals: &[impl ToString]) -> String {
    refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn report_place(report: Option<&str>) -> String {
    report.map(|path| format!(" (listed in {path})")).unwrap_or_default()
}

impl Fault for EngineError {
    fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Folder(error) | Self::Unfinished { source: error, .. } => error.code(),
            Self::Notice(error) => error.code(),
            Self::Name(_) => "engine.name",
            Self::Packed(_) | Self::History(_) => "engine.damaged-row",
            Self::Input { .. } => "engine.input",
            Self::Header { .. } => "engine.header",
            Self::Refused { .. } => "engine.refused",
            Self::SameFile { .. } => "engine.same-file",
            Self::NotInForce { .. } => "engine.not-in-force",
            Self::NoBase { .. } => "engine.no-base",
            Self::BaseLost { .. } => "engine.base-lost",
            Self::RenderingChanged { .. } => "engine.rendering-changed",
            Self::LoadInWindow { .. } => "engine.load-in-window",
            Self::NoSuchResident => "engine.no-such-resident",
            Self::Unwritable { .. } => "engine.unwritable",
            Self::ProofFailed { .. } => "engine.proof-failed",
            Self::FeedGone { .. } => "engine.feed-gone",
            Self::IntakeGone { .. } => "engine.intake-gone",
            Self::UnknownOrder { .. } => "engine.unknown-order",
            Self::Panic { .. } => "engine.panic",
            Self::CutOff { .. } => "engine.cut-off",
            Self::Stopped => STOPPED,
            Self::Held { .. } => "feed.held",
            Self::NotHeld { .. } => "feed.not-held",
            Self::HeldLost { .. } => "feed.held-lost",
            Self::NoSuchPublication { .. } => "feed.no-such-publication",
            Self::NotGiven { .. } => "feed.not-given",
            Self::DestinationBusy { .. } => "delivery.busy",
            Self::SourceBusy { .. } => "pull.busy",
            Self::RedeliverRefused { .. } => "feed.redeliver-refused",
            Self::RemakeRefused { .. } => "feed.remake-refused",
            Self::MendRefused { .. } => "feed.mend-refused",
            Self::TooDifferent { .. } => "feed.too-different",
            Self::ReportNotKept => "engine.report-not-kept",
            Self::Holding(error) => error.code(),
            Self::SurplusUnknown { .. } => "feed.surplus-unknown",
            Self::Receipt(error) => error.code(),
            Self::HandOver { .. } => "engine.hand-over",
            Self::NoSuchCase { .. } => "transfer.no-such-case",
            Self::CaseRefused { source, .. } => source.code(),
            Self::CaseErased { .. } => "transfer.erased",
            Self::CaseIncomplete { .. } => "transfer.incomplete",
            Self::CaseMoveRefused { .. } => "transfer.move-refused",
            Self::CaseOvertaken { .. } => "transfer.overtaken",
            Self::CaseUnclear { .. } => "transfer.unclear",
            Self::Worker => "engine.worker",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Store(error) => error.class(),
            Self::Folder(error) | Self::Unfinished { source: error, .. } => error.class(),
            Self::Notice(_) | Self::Receipt(_) | Self::Worker | Self::Panic { .. } => Class::Bug,
            Self::HandOver { class } => *class,
            Self::Holding(error) => error.class(),
            Self::CutOff { .. } | Self::DestinationBusy { .. } | Self::SourceBusy { .. } => Class::Retry,
            Self::Refused { .. } | Self::Header { .. } => Class::Partner,
            _ => Class::Operator,
        }
    }
}
