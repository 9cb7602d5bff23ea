//! The inbox port: what is done with the files of a set after it was judged, and the answer to its sender.
//!
//! Every operation may be repeated after a crash, and nothing that a sender puts there meanwhile is lost. The names
//! of a set are given in the order they are to go: the notice last. So a set that is half away still has its notice:
//! it is found as one that lacks files, and whoever knows that it was judged repeats the operation.

use crate::file_name::{FileName, FolderPath};
use crate::ids::{FeedId, IntakeId, Sequence};
use crate::port::FolderError;

/// Folders that sets arrive in.
pub trait Inbox: Send + Sync {
    /// Brings the files of a set that is done with to its shelf in the archive, where the share may be changed; a
    /// share that may not stays as it is. What is not there is well.
    fn take_away(
        &self,
        folder: &FolderPath,
        names: &[FileName],
        shelf: &IntakeShelf<'_>,
    ) -> Result<(), FolderError>;

    /// Brings the files of a refused set to a place of the quarantine with `reason.json` and `reason.txt` beside
    /// them, and gives that path. Where the share may not be changed they are copied. What is not there is well.
    fn refuse_set(
        &self,
        folder: &FolderPath,
        names: &[FileName],
        place: &FileName,
        why: &WhyRefused<'_>,
    ) -> Result<String, FolderError>;

    /// Writes a small file whole, in the place of one of the same name, and makes that durable. The folder is made
    /// where it is missing.
    fn answer(&self, folder: &FolderPath, name: &FileName, bytes: &[u8]) -> Result<(), FolderError>;
}

/// The place of a set in the archive: `intake/INTAKE/FEED-SEQUENCE`. Files that come again under the same names are
/// kept beside the first ones.
#[derive(Debug, Clone, Copy)]
pub struct IntakeShelf<'s> {
    /// The intake.
    pub intake: &'s IntakeId,
    /// The sender's feed.
    pub feed: &'s FeedId,
    /// Its number in the feed.
    pub sequence: Sequence,
}

/// Why a set was refused, as written beside its files.
#[derive(Debug, Clone, Copy)]
pub struct WhyRefused<'w> {
    /// `reason.json`, for programs.
    pub json: &'w str,
    /// `reason.txt`, for people.
    pub text: &'w str,
}
