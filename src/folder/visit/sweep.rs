//! Removing what broken-off uploads left: at once what a dead process was writing, after a while what was kept to
//! go on from.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::hidden::{PARTIAL, UPLOADING, is_hidden};
use super::look::look_of;
use super::{FOLDER_FLAGS, VisitError, VisitedRoot, readable};
use crate::confined::open_beneath;

/// Seconds within which an upload's maker may not have marked it as being written yet.
const FRESH_SECONDS: i64 = 60;
/// Folders within folders that are looked into; deeper, visitors make nothing.
pub(super) const MAX_DEPTH: usize = 32;

impl VisitedRoot {
    /// Removes uploads nobody is writing any more, and what was kept for longer than `keep_seconds`. Says how many
    /// files went.
    pub fn sweep(&self, now_unix_seconds: i64, keep_seconds: i64) -> Result<usize, VisitError> {
        let sweep = Sweep { now_unix_seconds, keep_seconds };
        sweep.folder(self.fd.as_fd(), 0)
    }
}

struct Sweep {
    now_unix_seconds: i64,
    keep_seconds: i64,
}

impl Sweep {
    fn folder(&self, folder: BorrowedFd<'_>, depth: usize) -> Result<usize, VisitError> {
        let mut n_removed = 0;
        for entry in Dir::new(readable(folder)?)? {
            let entry = entry?;
            let name = entry.file_name();
            let bytes = name.to_bytes();
            if is_hidden(bytes) {
                n_removed += usize::from(self.over(folder, bytes).is_some_and(|_held| remove(folder, bytes)));
                continue;
            }
            let is_own_of_root = depth == 0 && bytes.starts_with(b".");
            if bytes == b"." || bytes == b".." || is_own_of_root || depth >= MAX_DEPTH {
                continue;
            }
            let is_folder = match entry.file_type() {
                FileType::Unknown => rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)
                    .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory),
                kind => kind == FileType::Directory,
            };
            if is_folder {
                let name = std::os::unix::ffi::OsStrExt::from_bytes(bytes);
                // A folder that has gone or may not be entered is somebody else's affair.
                if let Ok(inner) = open_beneath(folder, name, FOLDER_FLAGS, Mode::empty()) {
                    n_removed += self.folder(inner.as_fd(), depth + 1).unwrap_or(0);
                }
            }
        }
        Ok(n_removed)
    }

    /// The file if nobody needs it any more, held so that nobody begins to write it before it is gone.
    fn over(&self, folder: BorrowedFd<'_>, name: &[u8]) -> Option<OwnedFd> {
        let name_os: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(name);
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let fd = open_beneath(folder, name_os, flags, Mode::empty()).ok()?;
        let least_age_seconds = if name.ends_with(UPLOADING.as_bytes()) {
            match rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => FRESH_SECONDS,
                Err(Errno::WOULDBLOCK) => return None,
                // A volume without locks.
                Err(_) => FRESH_SECONDS.max(self.keep_seconds),
            }
        } else if name.ends_with(PARTIAL.as_bytes()) {
            // Times of files are visitors' to set only on what they finish, so a kept one's is ours.
            self.keep_seconds
        } else {
            return None;
        };
        let look = rustix::fs::fstat(&fd).ok().as_ref().and_then(look_of)?;
        let age_seconds = self.now_unix_seconds.saturating_sub(look.changed);
        (age_seconds >= least_age_seconds).then_some(fd)
    }
}

fn remove(folder: BorrowedFd<'_>, name: &[u8]) -> bool {
    rustix::fs::unlinkat(folder, name, AtFlags::empty()).is_ok()
}
