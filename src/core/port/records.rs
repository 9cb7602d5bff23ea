//! What the store keeps besides rows. Times are Asia/Tokyo wall-clock texts with offset
//! (`2026-10-02T01:30:00+09:00`): they are shown, never used to cut or to order.

use chrono::NaiveDate;
use serde::Serialize;

use crate::guard::Review;
use crate::ids::{CommitNo, Digest, FeedId, Sequence, Window};
use crate::publication::{Kind, Progress};
use crate::state::FeedState;

/// What a commit (確定) was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CommitKind {
    /// The first load of a registry: every row is new and the change log has no line of it.
    Load,
    /// A set of moves.
    Moves,
}

impl CommitKind {
    /// The word in tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Moves => "moves",
        }
    }

    /// Reads [`CommitKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Load, Self::Moves].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One commit, as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommitRecord {
    /// Its number; whoever asks for a commit leaves 0 and the store gives the next.
    pub commit_no: CommitNo,
    /// What it was.
    pub kind: CommitKind,
    /// How many moves (or, for a load, rows) it took in.
    pub n_moves: u64,
    /// How many rows it wrote or removed; whoever asks for a commit of moves leaves 0 and the store counts.
    pub n_row_changes: u64,
    /// SHA-256 of the file the moves came from.
    pub source_sha256: Digest,
    /// Who asked for it.
    pub operator: String,
    /// When.
    pub committed_at: String,
}

/// One publication (配信), as recorded when sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationRecord {
    /// Its feed.
    pub feed: FeedId,
    /// Its number in the feed.
    pub sequence: Sequence,
    /// Its content.
    pub kind: Kind,
    /// The commits it brings: for a full, from 0.
    pub window: Window,
    /// The business date (業務日) it belongs to.
    pub business_date: NaiveDate,
    /// SHA-256 of everything that decides how the feed renders a row.
    pub layout_sha256: Digest,
    /// The folder it stands in, relative to the root, `/` between parts.
    pub folder: String,
    /// The common start of its file names.
    pub stem: String,
    /// The notice, byte for byte as published.
    pub notice: String,
    /// What a receiver holds after it; for kinds that move no state, what it held before.
    pub state: FeedState,
    /// How far it has come.
    pub progress: Progress,
    /// The run that made it.
    pub run_id: String,
    /// When it was sealed.
    pub sealed_at: String,
    /// What the guard saw of it; `None` for kinds that move no state.
    pub review: Option<Review>,
}

/// What retention asks of a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingPublication {
    /// Its feed.
    pub feed: FeedId,
    /// Its number in the feed.
    pub sequence: Sequence,
    /// Its content.
    pub kind: Kind,
    /// How far it has come.
    pub progress: Progress,
    /// The folder it stands in, relative to the root.
    pub folder: String,
    /// The common start of its file names.
    pub stem: String,
    /// The notice, byte for byte as published.
    pub notice: String,
    /// From when its time counts: when it was sealed, or given again.
    pub since: String,
    /// Whether the run that made it, or the one that is a part of, is not at its end.
    pub is_run_open: bool,
}

/// One line of the audit: who, what, why, when, result. The store numbers and chains them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Its number; whoever appends leaves 0 and the store gives the next.
    pub audit_no: u64,
    /// When.
    pub at: String,
    /// Who.
    pub operator: String,
    /// What: the command or decision, nothing personal.
    pub action: String,
    /// Why, where a reason was given.
    pub reason: String,
    /// What came of it.
    pub result: String,
    /// SHA-256 over the hash of the line before and this line; whoever appends leaves zeros.
    pub chain_sha256: Digest,
}

impl AuditEntry {
    /// A line to be appended.
    pub fn new(at: String, operator: &str, action: String, reason: &str, result: String) -> Self {
        let (operator, reason) = (operator.to_owned(), reason.to_owned());
        Self { audit_no: 0, at, operator, action, reason, result, chain_sha256: Digest([0; 32]) }
    }
}
