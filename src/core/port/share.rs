//! The share port: folders that somebody else writes to and sets of files are taken from.
//!
//! Whatever stands there is foreign: it may be half-written, a link, a pipe, or have a name that is no text.
//! Nothing is followed, and nothing is read that was not asked for by name.

use std::io::Read;

use crate::file_name::{FileName, FolderPath};
use crate::moment::Moment;
use crate::port::FolderError;

/// Folders to take files from.
pub trait Share: Send + Sync {
    /// Everything that stands in a folder at this moment, by name; nothing where the folder is missing.
    fn look(&self, folder: &FolderPath) -> Result<Vec<SeenFile>, FolderError>;

    /// Opens a plain file. A link or anything else is [`FolderError::Outside`]; opening never waits for a writer.
    fn open(&self, folder: &FolderPath, name: &FileName) -> Result<Box<dyn Read + Send>, FolderError>;
}

/// One entry of a folder as seen by one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenFile {
    /// Its name.
    pub name: SeenName,
    /// What it is.
    pub kind: SeenKind,
    /// What tells whether it was written to since another look.
    pub stamp: FileStamp,
    /// When it was last written to or brought here, by the clock of its volume, not by what its writer says;
    /// `None` where the calendar does not have that.
    pub changed_at: Option<Moment>,
}

/// The name of an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SeenName {
    /// A name that a notice may have.
    Plain(FileName),
    /// Any other, escaped so that it can be shown, at most 80 characters; what a longer one ends with is its digest.
    Odd(String),
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenKind {
    /// A plain file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A pipe, socket or device.
    Other,
}

/// Two looks with the same stamp saw the same bytes, as far as a file system tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStamp {
    /// Its length in bytes.
    pub n_bytes: u64,
    /// When it was last written to or brought here, in nanoseconds since 1970.
    pub changed_ns: i128,
    /// Its number on the volume; 0 where the volume has none.
    pub inode: u64,
}
