//! Which of the files in a folder make a whole set: pure, from looks at the folder and the notices in it.

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
    /// What it lacks; never empty.
    pub lacks: Vec<Lack>,
    /// Since when.
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

/// Something that no notice names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Its name.
    pub name: SeenName,
    /// What it is.
    pub kind: SeenKind,
    /// Since when.
    pub since: Moment,
    /// True after [`Patience::stray_after`].
    pub is_overdue: bool,
}

/// Remembers a folder from look to look.
#[derive(Debug, Default)]
pub struct Pairer {}
