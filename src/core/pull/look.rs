//! What one look at a partner's server came to, and what is remembered of what was fetched.

use crate::delivery::DeliveryError;
use crate::file_name::{FileName, FolderPath};
use crate::ids::{Digest, FeedId, Sequence};
use crate::moment::Moment;

/// A file as it stood at the partner's when it was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulledFile {
    /// Its name.
    pub name: FileName,
    /// Its length in bytes.
    pub n_bytes: u64,
    /// When it was changed last by the server's clock, in unix seconds; `None` where the server does not say.
    pub changed_at: Option<u32>,
    /// The SHA-256 of its bytes.
    pub sha256: Digest,
}

/// A file that is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The file.
    pub file: PulledFile,
    /// The notice of its set; its own name where it is one.
    pub notice: FileName,
    /// Whether its whole set is here; false from just before its notice gets its name.
    pub is_here: bool,
    /// When that was written down.
    pub at: Moment,
}

/// The seconds after a change in which another one shows no other time.
const SAME_TIME_S: i64 = 2;

impl Remembered {
    /// Whether what stands at the partner's now is surely what was fetched: same length, same time, and a time so long
    /// before it was written down that no change since can have the same.
    pub fn is_unchanged(&self, n_bytes: u64, changed_at: Option<u32>) -> bool {
        let Some(changed_at) = changed_at else { return false };
        self.file.n_bytes == n_bytes
            && self.file.changed_at == Some(changed_at)
            && self.at.unix() - i64::from(changed_at) >= SAME_TIME_S
    }
}

/// A set that is here since this look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulledSet {
    /// The folder here.
    pub to: FolderPath,
    /// Its notice.
    pub notice: FileName,
    /// The sender's feed.
    pub feed: FeedId,
    /// Its number in the feed.
    pub sequence: Sequence,
    /// Its files, the notice among them.
    pub n_files: u64,
}

/// A notice whose files are not all there in their full length: the set is still being brought to the partner's server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedSet {
    /// The folder at the server.
    pub from: String,
    /// The notice.
    pub notice: FileName,
    /// How many of its files lack.
    pub n_lacking: u64,
}

/// Since when a set has been unfinished at a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedSince {
    /// The folder at the server.
    pub from: String,
    /// The notice.
    pub notice: FileName,
    /// The look that found it so first.
    pub since: Moment,
}

/// A set that could not be fetched, or not be cleared away; the others go on.
#[derive(Debug)]
pub struct FailedSet {
    /// The folder at the server.
    pub from: String,
    /// The notice; `None` where it is the folder itself.
    pub notice: Option<FileName>,
    /// Why.
    pub error: DeliveryError,
}

/// What a look came to.
#[derive(Debug)]
pub struct PullLook {
    /// Sets that are here since.
    pub pulled: Vec<PulledSet>,
    /// Sets that are not whole there.
    pub unfinished: Vec<UnfinishedSet>,
    /// Sets and folders that failed.
    pub failed: Vec<FailedSet>,
    /// Bytes fetched.
    pub n_bytes: u64,
    /// How it ended: well, or with what ended it before everything was looked at.
    pub end: Result<(), DeliveryError>,
}

impl Default for PullLook {
    fn default() -> Self {
        Self { pulled: Vec::new(), unfinished: Vec::new(), failed: Vec::new(), n_bytes: 0, end: Ok(()) }
    }
}

impl PullLook {
    /// What is worst about it; `None` where all is well. What ended it comes first.
    pub fn fault(&self) -> Option<&DeliveryError> {
        self.end.as_ref().err().or_else(|| self.failed.first().map(|failed| &failed.error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_changed_within_the_same_second_is_looked_at_again() {
        let at = Moment::parse("2026-10-02T01:30:00+09:00").unwrap();
        let seconds = |ago: i64| u32::try_from(at.unix() - ago).unwrap();
        let remembered = |changed_at| Remembered {
            file: PulledFile {
                name: "a.done".parse().unwrap(),
                n_bytes: 7,
                changed_at,
                sha256: Digest([1; 32]),
            },
            notice: "a.done".parse().unwrap(),
            is_here: true,
            at,
        };
        let check = |kept: Option<u32>, n_bytes, now: Option<u32>, expect: bool| {
            assert_eq!(remembered(kept).is_unchanged(n_bytes, now), expect, "{kept:?} {n_bytes} {now:?}");
        };
        check(Some(seconds(60)), 7, Some(seconds(60)), true);
        check(Some(seconds(2)), 7, Some(seconds(2)), true);
        check(Some(seconds(1)), 7, Some(seconds(1)), false);
        check(Some(seconds(60)), 8, Some(seconds(60)), false);
        check(Some(seconds(60)), 7, Some(seconds(59)), false);
        check(None, 7, None, false);
        check(Some(seconds(60)), 7, None, false);
    }
}
