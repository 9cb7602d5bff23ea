//! Copying a file that stands, so that somebody goes on with it, and the room that this takes.

use std::fs::File;
use std::io::Read as _;

use rustix::io::Errno;

use super::VisitError;
use super::upload::system;

/// Bytes after which a copy looks whether it is still wanted.
const STEP_BYTES: u64 = 64 << 20;

/// Copies a whole file unless there is no room for it, for as long as it is wanted.
pub(super) fn copy(from: &File, to: &File, is_wanted: &dyn Fn() -> bool) -> Result<(), VisitError> {
    let n_bytes = from.metadata().map_err(|error| system(&error))?.len();
    has_room(to, n_bytes)?;
    let (mut from, mut to) = (from, to);
    while is_wanted() {
        let copied = std::io::copy(&mut (&mut from).take(STEP_BYTES), &mut to);
        if copied.map_err(|error| system(&error))? == 0 {
            return Ok(());
        }
    }
    Err(VisitError::System(Errno::CANCELED))
}

/// [`VisitError::Full`] where the volume of a file has less room than so many bytes more. A file may be said to be
/// longer than its volume, and whoever copies it finds out only when nothing is left for anybody.
pub(super) fn has_room(file: &File, n_bytes: u64) -> Result<(), VisitError> {
    let stat = rustix::fs::fstatvfs(file)?;
    // Some network volumes do not say how large they are.
    let is_known = stat.f_blocks > 0;
    let n_free_bytes = stat.f_bavail.saturating_mul(stat.f_frsize);
    if is_known && n_bytes > n_free_bytes { Err(VisitError::Full) } else { Ok(()) }
}
