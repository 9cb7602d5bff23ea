//! What visitors do below the root over a wire: look, read, upload whole, resume, rename, remove.
//!
//! Names are bytes, as a client of any character set sends them. Which folder a visitor may use is decided by the
//! caller; here the kernel keeps every step beneath the root, no link is followed or shown, and nothing half-written
//! has a final name.

mod begin;
mod change;
mod copy;
mod errors;
mod hidden;
mod listing;
mod look;
mod partial;
mod path;
mod solid;
mod sweep;
#[cfg(test)]
mod tests;
mod upload;

pub use change::Renaming;
pub use errors::VisitError;
pub use listing::Listing;
pub use look::{Look, OpenFile, Seen, SeenKind, Volume};
pub use path::VisitPath;
pub use solid::Solid;
pub use upload::{Keeping, Stored, Upload, UploadStart, Writing};

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use renkei_core::port::FolderError;
use rustix::fs::{CWD, Mode, OFlags};

use crate::confined::{open_beneath, open_by_name};
use crate::errors::fault;

const FOLDER_FLAGS: OFlags = OFlags::PATH.union(OFlags::DIRECTORY);

/// The root as visitors use it. Held open, so renaming it leads nobody elsewhere.
#[derive(Debug)]
pub struct VisitedRoot {
    fd: OwnedFd,
}

impl VisitedRoot {
    /// Opens a root that exists. The way to it may hold links; below it none is followed.
    pub fn open(root: &Path) -> Result<Self, FolderError> {
        let flags = FOLDER_FLAGS | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(CWD, root, flags, Mode::empty())
            .map_err(|errno| fault(&root.display().to_string(), "read", errno))?;
        Ok(Self { fd })
    }

    /// Opens a folder. The hub's own are not there.
    fn folder(&self, path: &VisitPath) -> Result<OwnedFd, VisitError> {
        if path.is_hidden() {
            return Err(VisitError::Missing);
        }
        Ok(open_folder(self.fd.as_fd(), path)?)
    }

    /// Opens the folder that `path` lies in, and gives its name there. The root itself lies nowhere.
    fn place<'a>(&self, path: &'a VisitPath) -> Result<(OwnedFd, &'a [u8]), VisitError> {
        let (parent, name) = path.split().ok_or(VisitError::IsFolder)?;
        Ok((self.folder(&parent)?, name))
    }

    /// [`VisitedRoot::place`] for something that is to be made there.
    fn new_place<'a>(&self, path: &'a VisitPath) -> Result<(OwnedFd, &'a [u8]), VisitError> {
        let (folder, name) = self.place(path)?;
        // What broke off where no sweep looks would stay for ever.
        let is_too_deep = path.parts().len() > sweep::MAX_DEPTH + 1;
        if is_too_deep || path.is_hidden() || !hidden::may_be_made(name) {
            return Err(VisitError::BadName);
        }
        Ok((folder, name))
    }
}

/// One step with the kernel confining it, or name by name where it cannot.
fn open_folder(root: BorrowedFd<'_>, path: &VisitPath) -> Result<OwnedFd, rustix::io::Errno> {
    let whole = path.relative();
    match open_beneath(root, &whole, FOLDER_FLAGS, Mode::empty()) {
        // What stands for a kernel without `openat2` takes one name at a time.
        Err(rustix::io::Errno::XDEV) => {
            let mut at = open_by_name(root, ".".as_ref(), FOLDER_FLAGS, Mode::empty())?;
            for part in path.parts() {
                at = open_beneath(
                    at.as_fd(),
                    std::os::unix::ffi::OsStrExt::from_bytes(part),
                    FOLDER_FLAGS,
                    Mode::empty(),
                )?;
            }
            Ok(at)
        }
        answer => answer,
    }
}

/// The folder opened once more for listing and syncing: the kept descriptor only leads on.
fn readable(folder: BorrowedFd<'_>) -> Result<OwnedFd, rustix::io::Errno> {
    open_beneath(folder, ".".as_ref(), OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())
}

/// Makes the names in a folder durable. Some network volumes have no fsync for folders and say so with `EINVAL`.
fn sync_names(folder: BorrowedFd<'_>) -> Result<(), rustix::io::Errno> {
    match readable(folder).and_then(rustix::fs::fsync) {
        Err(rustix::io::Errno::INVAL) => Ok(()),
        answer => answer,
    }
}
