//! What a look at a folder comes to: whole sets, sets that lack something, and what belongs to none.

use chrono::TimeDelta;

use crate::file_name::FileName;
use crate::ids::{Digest, FeedId, Sequence};
use crate::moment::Moment;
use crate::notice::{Notice, NoticeError};
use crate::port::{SeenKind, SeenName};

/// How long what is not whole is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long something must stand unchanged before it is called wrong rather than half-written.
    pub settle: TimeDelta,
    /// After how long a set that is not whole is reported as incomplete.
    pub incomplete_after: TimeDelta,
    /// After how long a file without a notice is reported as stray.
    pub stray_after: TimeDelta,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            settle: TimeDelta::seconds(10),
            incomplete_after: TimeDelta::minutes(30),
            stray_after: TimeDelta::hours(24),
        }
    }
}

/// What one look at a folder came to.
#[derive(Debug, Clone, Default)]
pub struct Pairing {
    /// Whole sets: every file named is there with the length declared. By feed and sequence.
    pub ready: Vec<FoundSet>,
    /// Sets that lack something, by notice name.
    pub waiting: Vec<WaitingSet>,
    /// Notices that stand unchanged and cannot be read, by name.
    pub unreadable: Vec<UnreadableNotice>,
    /// Notices of which nothing can be said yet, by name.
    pub pending: Vec<PendingNotice>,
    /// What no notice names, by name. Never read.
    pub strays: Vec<Stray>,
}

/// A whole set.
#[derive(Debug, Clone)]
pub struct FoundSet {
    /// The notice's name.
    pub notice_name: FileName,
    /// The notice.
    pub notice: Notice,
    /// SHA-256 of its bytes.
    pub notice_sha256: Digest,
    /// True when everything has stood unchanged for [`Patience::settle`]: a wrong digest is then wrong, and not a
    /// file still being written.
    pub is_settled: bool,
}

/// A set that lacks something.
#[derive(Debug, Clone)]
pub struct WaitingSet {
    /// The notice's name.
    pub notice_name: FileName,
    /// The sender's feed.
    pub feed: FeedId,
    /// Its number in the feed.
    pub sequence: Sequence,
    /// The notice: whoever died while moving the files of a set judged before finds them half moved, and by this
    /// the way to go on.
    pub notice: Notice,
    /// SHA-256 of its bytes.
    pub notice_sha256: Digest,
    /// What it lacks; never empty.
    pub lacks: Vec<Lack>,
    /// Since when its notice stands there as it is.
    pub since: Moment,
    /// True after [`Patience::incomplete_after`].
    pub is_overdue: bool,
}

/// A file that a set lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// Its name.
    pub name: FileName,
    /// In which way.
    pub kind: LackKind,
}

/// How a file is lacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LackKind {
    /// Not there.
    Missing,
    /// There, with another length than declared.
    OtherLength {
        /// Bytes there.
        found: u64,
        /// Bytes declared.
        declared: u64,
    },
    /// A link, folder or device under the name.
    NoFile(SeenKind),
    /// There, but another whole set that comes first names it too.
    OfOtherSet,
}

/// A notice that cannot be read.
#[derive(Debug, Clone)]
pub struct UnreadableNotice {
    /// Its name.
    pub name: FileName,
    /// SHA-256 of its bytes; of what was read, where it is too long.
    pub sha256: Digest,
    /// Why.
    pub error: NoticeError,
}

/// A notice that is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingNotice {
    /// Its name.
    pub name: FileName,
    /// Why nothing can be said of it.
    pub cause: PendingCause,
    /// Since when.
    pub since: Moment,
    /// True after [`Patience::incomplete_after`].
    pub is_overdue: bool,
}

/// Why nothing can be said of a notice yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PendingCause {
    /// It cannot be read, and was written to a moment ago.
    Unfinished(NoticeError),
    /// It could not be opened; each look tries again.
    Unopened {
        /// The code of the fault.
        code: &'static str,
        /// The fault in words.
        detail: String,
    },
    /// The notices before it are as much as is held at a time ([`crate::receive::HELD_NOTICE_BYTES`]).
    Deferred,
}

/// Something that no notice names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Its name.
    pub name: SeenName,
    /// What it is.
    pub kind: SeenKind,
    /// True for a name that programs give to what they are still writing (`.tmp`, `.part`, `.filepart`, a leading dot).
    pub is_temporary: bool,
    /// Since when.
    pub since: Moment,
    /// True after [`Patience::stray_after`]; never while notices are [`PendingCause::Deferred`], for one of them may
    /// name it.
    pub is_overdue: bool,
}
