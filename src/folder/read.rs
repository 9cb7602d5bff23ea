//! Looking into published folders, and into any folder a receiver copied them to.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use renkei_core::port::FolderError;
use renkei_core::{FileName, FolderPath};
use rustix::fs::{CWD, FileType, Mode, OFlags};

use crate::confined::Confined;
use crate::errors::fault;
use crate::root::LocalFolders;

impl LocalFolders {
    pub(crate) fn published_names(&self, folder: &FolderPath) -> Result<Vec<FileName>, FolderError> {
        match self.folder(folder) {
            Err(FolderError::Missing { .. }) => Ok(Vec::new()),
            folder => folder?.names(FileType::RegularFile),
        }
    }
}

/// A folder anywhere, to be read only: where a receiver keeps the files of a notice.
///
/// The way to it may hold links; a file in it that is a link is not read.
#[derive(Debug)]
pub struct PlainFolder {
    folder: Confined,
}

impl PlainFolder {
    /// Opens a folder; an empty path, the parent of a bare file name, is the current one.
    pub fn open(dir: &Path) -> Result<Self, FolderError> {
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(CWD, dir, flags, Mode::empty())
            .map_err(|errno| fault(&dir.display().to_string(), "read", errno))?;
        Ok(Self { folder: Confined::root(fd) })
    }

    /// Opens a file in it, unbuffered. Paths in errors are told below the folder.
    pub fn read(&self, name: &FileName) -> Result<Box<dyn Read + Send>, FolderError> {
        Ok(Box::new(self.file(name)?))
    }

    /// The same as a file, which can be read at any place.
    pub fn file(&self, name: &FileName) -> Result<File, FolderError> {
        self.folder.file(name)
    }

    /// The names of its plain files that can be file names here; links and hidden files have none.
    pub fn names(&self) -> Result<Vec<FileName>, FolderError> {
        self.folder.names(FileType::RegularFile)
    }
}
