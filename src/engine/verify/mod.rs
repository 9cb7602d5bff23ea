//! Verifying publications from their files alone: notice, names, lengths, digests, every row against the
//! layout, and the chain full → diff → diff.

mod beside;
mod chain;
mod file;
mod report;

use std::io::Read;

use renkei_core::FileName;
use renkei_core::layout::Layout;
use renkei_core::notice::{Notice, NoticeError};
use renkei_core::port::FolderError;

use crate::intake::InputIssue;

pub use chain::{verify, verify_watched};
pub use report::{ChainReport, FileReport, NoticeReport};

/// Files beside a notice.
pub trait Beside {
    /// Opens a file in the notice's folder.
    fn read(&self, name: &FileName) -> Result<Box<dyn Read + Send>, FolderError>;

    /// The names of all files in the notice's folder.
    fn names(&self) -> Result<Vec<FileName>, FolderError>;
}

/// An issue of a data file, as it is found.
#[derive(Debug, Clone, Copy)]
pub struct Finding<'f> {
    /// How the notice was given.
    pub set: &'f str,
    /// The data file's name.
    pub file: &'f str,
    /// What is wrong.
    pub issue: &'f InputIssue,
}

/// A notice to verify.
pub struct Given<'g> {
    /// How it was given, for messages.
    pub label: String,
    /// Its own file name, if that is one: files named after it that it does not name are found.
    pub name: Option<FileName>,
    /// The notice, or why it cannot be read.
    pub notice: Result<Notice, NoticeError>,
    /// Its folder.
    pub beside: &'g dyn Beside,
    /// The layout of its interface, branch and version, if one is known.
    pub layout: Option<&'g Layout>,
}
