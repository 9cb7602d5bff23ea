//! The folder port: the connection folders below one root, and the hub's own stage beside them.
//!
//! A file is written on the stage, on the same file system, and appears under its final name by one rename:
//! whole or absent. Every operation may be repeated after a crash.

use std::io::{Read, Write};

use serde::Serialize;

use crate::fault::{Class, Fault};
use crate::file_name::{FileName, FolderPath};
use crate::ids::{Digest, FeedId, Sequence};
use crate::moment::Moment;

/// Connection folders behind the port.
pub trait Folders: Send + Sync {
    /// Makes the stage `stage` an empty folder; what a cut-off run left there is removed.
    fn begin_stage(&self, stage: &FileName) -> Result<(), FolderError>;

    /// Creates a file on a stage, replacing one of the same name.
    fn create(&self, stage: &FileName, name: &FileName) -> Result<Box<dyn StagedFile>, FolderError>;

    /// Reads back a file of a stage.
    fn read_staged(&self, stage: &FileName, name: &FileName) -> Result<Box<dyn Read + Send>, FolderError>;

    /// Moves a staged file to its folder under its final name and makes that durable. The folder is made
    /// if it is missing. When the stage has the file no more and the folder has it with this length and
    /// digest, it was moved before and all is well; any other file of the name is
    /// [`FolderError::NameTaken`], and no file at all [`FolderError::StagedFileLost`].
    fn publish(
        &self,
        stage: &FileName,
        name: &FileName,
        folder: &FolderPath,
        content: &Content,
    ) -> Result<(), FolderError>;

    /// Removes a stage with what is left on it; none there is well.
    fn discard_stage(&self, stage: &FileName) -> Result<(), FolderError>;

    /// Writes a report for the operator among the hub's own folders, whole or not at all, and gives its
    /// path. For receivers it is out of sight.
    fn keep_report(&self, name: &FileName, content: &mut dyn Read) -> Result<String, FolderError>;

    /// The names of all stages there are.
    fn stages(&self) -> Result<Vec<FileName>, FolderError>;

    /// Opens a published file.
    fn read(&self, folder: &FolderPath, name: &FileName) -> Result<Box<dyn Read + Send>, FolderError>;

    /// The names of all files in a folder, sorted; none where the folder is missing.
    fn list(&self, folder: &FolderPath) -> Result<Vec<FileName>, FolderError>;

    /// Removes files of a folder, in this order, and makes that durable; those that are not there are well.
    /// Anything but a plain file is [`FolderError::Outside`] and stays.
    fn remove_published(&self, folder: &FolderPath, names: &[FileName]) -> Result<(), FolderError>;

    /// What one of the hub's own folders has, by path.
    fn own_entries(&self, own: OwnFolder) -> Result<Vec<OwnEntry>, FolderError>;

    /// The files of one folder of every system, such as `check/report`, each with its path from the root.
    fn files_of_systems(&self, below: &FolderPath) -> Result<Vec<OwnEntry>, FolderError>;

    /// Removes an entry of the hub's own with all that is in it, following no link; none there is well.
    fn remove_own(&self, own: OwnFolder, path: &FolderPath) -> Result<(), FolderError>;

    /// Compares what has a name in a folder with what is to have it.
    fn standing(
        &self,
        folder: &FolderPath,
        name: &FileName,
        content: &Content,
    ) -> Result<Standing, FolderError>;

    /// Keeps a published file in the archive: a copy of a small one, a second name of a large one, and the other
    /// where that does not go. One that is kept already is left. As a second name shares its bytes with what
    /// stands in the folder, whoever takes from the archive compares with the digest.
    fn keep(
        &self,
        folder: &FolderPath,
        name: &FileName,
        place: &Shelf<'_>,
        content: &Content,
    ) -> Result<(), FolderError>;

    /// Compares what the archive has under a name with what it is to have.
    fn kept(&self, place: &Shelf<'_>, name: &FileName, content: &Content) -> Result<Standing, FolderError>;

    /// Opens a file of the archive.
    fn read_kept(&self, place: &Shelf<'_>, name: &FileName) -> Result<Box<dyn Read + Send>, FolderError>;

    /// Puts a staged file in the place of whatever has its name in the folder, by one step, and makes that
    /// durable.
    fn replace(&self, stage: &FileName, name: &FileName, folder: &FolderPath) -> Result<(), FolderError>;

    /// Brings what has a name in a folder to a place of the quarantine, with a reason beside it, and gives that
    /// path. It may keep its name in the folder too, until it is replaced.
    fn quarantine(
        &self,
        folder: &FolderPath,
        name: &FileName,
        place: &FileName,
        reason: &str,
    ) -> Result<String, FolderError>;
}

/// A folder of the hub's own, out of sight for receivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnFolder {
    /// `.archive`: reports, published files under `publications/FEED/SEQUENCE`, their receipts under
    /// `receipts/FEED/SEQUENCE`, and sets that were taken in under `intake/INTAKE/FEED-SEQUENCE`.
    Archive,
    /// `.quarantine`: what was refused, each with its reason.
    Quarantine,
    /// Reports on rows that differ: not among the connection folders, but beside the database.
    Differences,
}

/// Something in a folder of the hub's own: a file at its top, a publication or set of the archive, any other folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnEntry {
    /// Its path below that folder.
    pub path: FolderPath,
    /// False for a file.
    pub is_folder: bool,
    /// How many files it has.
    pub n_files: u64,
    /// Their bytes.
    pub n_bytes: u64,
    /// When the last of them was written or moved here; `None` where the calendar does not have that.
    pub changed_at: Option<Moment>,
}

/// A file being written on a stage. Dropped unfinished, it is removed with its stage.
pub trait StagedFile: Write + Send {
    /// Writes out everything and makes it durable.
    fn finish(self: Box<Self>) -> Result<(), FolderError>;
}

/// What a file is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// Its length in bytes.
    pub n_bytes: u64,
    /// Its digest.
    pub sha256: Digest,
}

/// A publication's place in the archive.
#[derive(Debug, Clone, Copy)]
pub struct Shelf<'s> {
    /// Its feed.
    pub feed: &'s FeedId,
    /// Its number in the feed.
    pub sequence: Sequence,
}

/// What stands under a name, against what should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// The same bytes.
    Same,
    /// Something else.
    Other,
    /// Nothing.
    Missing,
}

/// What can go wrong in the folders. Paths are below the root and hold nothing personal.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// No room.
    #[error("no space left on the volume while writing {path}")]
    Full {
        /// Where.
        path: String,
        /// The system's words.
        source: std::io::Error,
    },
    /// Not permitted, or a read-only volume.
    #[error("{path} may not be {attempt}")]
    Denied {
        /// Where.
        path: String,
        /// `read`, `written`, `created`, `moved`, `removed`.
        attempt: &'static str,
        /// The system's words.
        source: std::io::Error,
    },
    /// Anything else the system says.
    #[error("{path} could not be {attempt}")]
    Unavailable {
        /// Where.
        path: String,
        /// `read`, `written`, `created`, `moved`, `removed`.
        attempt: &'static str,
        /// The system's words.
        source: std::io::Error,
    },
    /// Nothing there.
    #[error("{path} does not exist")]
    Missing {
        /// Where.
        path: String,
    },
    /// A link, or something other than a folder, on the way: nothing is followed out of the root.
    #[error("{path} is not a plain folder or file below the root")]
    Outside {
        /// Where.
        path: String,
    },
    /// Another file has the name.
    #[error("{path} already exists with other content")]
    NameTaken {
        /// Where.
        path: String,
    },
    /// A sealed file is neither staged nor published.
    #[error("{path} is neither on the stage nor in its folder")]
    StagedFileLost {
        /// Where it should be.
        path: String,
    },
    /// The stage and the folder are on different volumes, so nothing can be moved whole.
    #[error("{path} is on another volume than the stage")]
    OtherVolume {
        /// Where.
        path: String,
    },
    /// Another process holds the root.
    #[error("another process is writing here: {holder}")]
    Locked {
        /// Who: process id, command, since when.
        holder: String,
    },
}

impl FolderError {
    /// The fault behind a failed write of a [`StagedFile`]: the one it carries, or what the system says.
    pub fn of_write(path: &str, error: std::io::Error) -> Self {
        error.downcast::<Self>().unwrap_or_else(|source| Self::Unavailable {
            path: path.to_owned(),
            attempt: "written",
            source,
        })
    }
}

impl Fault for FolderError {
    fn code(&self) -> &'static str {
        match self {
            Self::Full { .. } => "folder.full",
            Self::Denied { .. } => "folder.denied",
            Self::Unavailable { .. } => "folder.unavailable",
            Self::Missing { .. } => "folder.missing",
            Self::Outside { .. } => "folder.outside",
            Self::NameTaken { .. } => "folder.name-taken",
            Self::StagedFileLost { .. } => "folder.staged-file-lost",
            Self::OtherVolume { .. } => "folder.other-volume",
            Self::Locked { .. } => "folder.locked",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Unavailable { .. } | Self::Locked { .. } => Class::Retry,
            _ => Class::Operator,
        }
    }
}
