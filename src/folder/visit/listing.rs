//! The names in a folder, a few at a time, so that a folder of any size takes little memory.

use rustix::fs::{AtFlags, Dir};

use super::hidden::is_hidden;
use super::look::look_of;
use super::{Seen, VisitError, VisitPath, VisitedRoot, readable};

/// A folder being listed, in the order the file system has.
#[derive(Debug)]
pub struct Listing {
    entries: Dir,
    is_of_root: bool,
}

impl VisitedRoot {
    /// Begins to list a folder.
    pub fn list(&self, path: &VisitPath) -> Result<Listing, VisitError> {
        let folder = self.folder(path)?;
        let entries = Dir::new(readable(std::os::fd::AsFd::as_fd(&folder))?)?;
        Ok(Listing { entries, is_of_root: path.is_root() })
    }
}

impl Iterator for Listing {
    type Item = Result<Seen, VisitError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = match self.entries.next()? {
                Ok(entry) => entry,
                Err(errno) => return Some(Err(errno.into())),
            };
            let name = entry.file_name().to_bytes();
            let is_own = is_hidden(name) || (self.is_of_root && name.starts_with(b"."));
            if is_own || name == b"." || name == b".." {
                continue;
            }
            let folder = match self.entries.fd() {
                Ok(folder) => folder,
                Err(errno) => return Some(Err(errno.into())),
            };
            // What has gone since, and what no visitor sees, is passed over.
            let stat = rustix::fs::statat(folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW).ok();
            if let Some(look) = stat.as_ref().and_then(look_of) {
                return Some(Ok(Seen { name: name.to_vec(), look }));
            }
        }
    }
}
