//! An upload: written under a hidden name in its folder, and there whole under its own at a clean close.

use std::fs::File;
use std::num::NonZeroU64;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;

use rustix::fs::{AtFlags, RenameFlags, Timespec, Timestamps};
use rustix::io::Errno;

use super::copy::has_room;
use super::look::{look_of, read_at};
use super::solid::Solid;
use super::{Look, OpenFile, VisitError, sync_names};

/// From what a write begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadStart {
    /// From nothing.
    Empty,
    /// From what is there: the published file, or what was kept of an upload that broke off.
    Standing,
}

/// How a file is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writing {
    /// From what it begins.
    pub start: UploadStart,
    /// A file of the name may be replaced. If not, one that is there, or comes to be there meanwhile, stays.
    pub may_replace: bool,
    /// A file of the name is made if there is none.
    pub may_create: bool,
}

/// What may become of a file at its close, as things stand then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keeping {
    /// It may take the place of a file of its name, if it was begun so.
    pub may_replace: bool,
    /// It may be there where none is.
    pub may_create: bool,
}

impl Keeping {
    /// Whatever it was begun for.
    pub const AS_BEGUN: Self = Self { may_replace: true, may_create: true };
}

/// What a clean close brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Length of the file, in bytes.
    pub n_bytes: u64,
    /// The file as it stands.
    pub look: Look,
    /// Another file of the name was there before.
    pub has_replaced: bool,
}

/// A file being written. Dropped without [`Upload::finish`], it leaves nothing under its final name; what had
/// arrived without holes is kept for the same visitor to go on from.
#[derive(Debug)]
pub struct Upload {
    pub(super) folder: OwnedFd,
    pub(super) file: File,
    /// Its hidden name; `None` once it is finished or given up.
    pub(super) temporary: Option<String>,
    pub(super) name: Vec<u8>,
    pub(super) partial: String,
    pub(super) may_replace: bool,
    /// It goes on from, or takes the place of, a published file: then nothing is kept when it breaks off.
    pub(super) has_published: bool,
    pub(super) solid: Solid,
    pub(super) n_bytes: u64,
    pub(super) n_bytes_copied: u64,
    /// Bytes from the start that the system was told to write out.
    pub(super) n_bytes_pushed: u64,
    pub(super) durable: Durable,
    /// Why something the client wanted done to it was not done: the file must not get its name.
    pub(super) failure: Option<VisitError>,
    pub(super) times: Option<(i64, i64)>,
}

/// How much of a file that is being written is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durable {
    /// All of it, and what the system keeps of it beside its bytes.
    All,
    /// All but so many bytes, or none of it where it was only made.
    AllBut(u64),
    /// What the system could not write is lost, and it says so only once: the file must not get its name.
    Lost,
}

/// Bytes after which the system is told to write out what has arrived.
const PUSH_BYTES: u64 = 8 << 20;
/// A first block of fewer bytes is all of a file for most clients, whose blocks are of so many or more.
const BLOCK_BYTES: u64 = 32 << 10;

/// What has the name; [`VisitError::BadName`] for what visitors do not see, whose name cannot be given again.
pub(super) fn any_at(folder: BorrowedFd<'_>, name: &[u8]) -> Result<Option<Look>, VisitError> {
    match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => look_of(&stat).map(Some).ok_or(VisitError::BadName),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

impl Upload {
    /// Writes a block at the end.
    pub fn append(&mut self, data: &[u8]) -> Result<(), VisitError> {
        self.write_at(self.n_bytes, data)
    }

    /// Writes a block. After one that failed all fail, and so does the close: clients send many blocks ahead and close
    /// whatever became of them.
    pub fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<(), VisitError> {
        self.may_go_on()?;
        if let Err(error) = self.file.write_all_at(data, offset) {
            // Some of it may have been written, over what had arrived there before.
            self.solid.set_len(offset);
            return Err(self.fail(system(&error)));
        }
        let n_bytes = data.len() as u64;
        self.solid.add(offset, n_bytes);
        self.n_bytes = self.n_bytes.max(offset.saturating_add(n_bytes));
        self.changed(n_bytes);
        self.push_out();
        Ok(())
    }

    /// Has the disk begin while the network brings more, or the close, so that a file is durable soon after its last
    /// byte. The advice makes Linux write what is dirty, without waiting.
    fn push_out(&mut self) {
        let n_waiting = self.solid.n_bytes().saturating_sub(self.n_bytes_pushed);
        let is_small = self.n_bytes_pushed == 0 && (1..BLOCK_BYTES).contains(&n_waiting);
        if is_small || n_waiting >= PUSH_BYTES {
            // A file system that knows no advice writes when it likes.
            let _ = rustix::fs::fadvise(
                &self.file,
                self.n_bytes_pushed,
                NonZeroU64::new(n_waiting),
                rustix::fs::Advice::DontNeed,
            );
            self.n_bytes_pushed = self.solid.n_bytes();
        }
    }

    /// Length of the published file that it began with; 0 where it began with none.
    pub fn n_bytes_copied(&self) -> u64 {
        self.n_bytes_copied
    }

    /// Puts up to `n_bytes` of what has been written at the end of `out`.
    pub fn read_at(&self, offset: u64, n_bytes: usize, out: &mut Vec<u8>) -> Result<usize, VisitError> {
        read_at(&self.file, offset, n_bytes, out)
    }

    /// Cuts or lengthens the file; fails, and makes fail, as [`Upload::write_at`] does.
    pub fn set_len(&mut self, n_bytes: u64) -> Result<(), VisitError> {
        self.may_go_on()?;
        has_room(&self.file, n_bytes.saturating_sub(self.n_bytes)).map_err(|error| self.fail(error))?;
        self.file.set_len(n_bytes).map_err(|error| self.fail(system(&error)))?;
        self.solid.set_len(n_bytes);
        self.n_bytes = n_bytes;
        self.n_bytes_pushed = self.n_bytes_pushed.min(n_bytes);
        self.changed(0);
        Ok(())
    }

    fn may_go_on(&self) -> Result<(), VisitError> {
        self.failure.map_or(Ok(()), Err)
    }

    fn fail(&mut self, failure: VisitError) -> VisitError {
        self.failure = Some(failure);
        failure
    }

    /// Gives the file these times, in unix seconds, when it is closed.
    pub fn set_times(&mut self, accessed: i64, changed: i64) {
        self.times = Some((accessed, changed));
    }

    /// Makes durable what has been written.
    pub fn sync(&mut self) -> Result<(), VisitError> {
        match self.durable {
            Durable::All => return Ok(()),
            Durable::Lost => return Err(VisitError::System(Errno::IO)),
            Durable::AllBut(_) => {}
        }
        let synced = self.file.sync_all();
        self.durable = if synced.is_ok() { Durable::All } else { Durable::Lost };
        synced.map_err(|error| system(&error))
    }

    /// It has changed, by so many bytes.
    fn changed(&mut self, n_bytes: u64) {
        self.durable = match self.durable {
            Durable::All => Durable::AllBut(n_bytes),
            Durable::AllBut(before) => Durable::AllBut(before + n_bytes),
            Durable::Lost => Durable::Lost,
        };
    }

    /// Bytes that the next [`Upload::sync`], or the close, waits for.
    pub fn n_bytes_not_durable(&self) -> u64 {
        match self.durable {
            Durable::All | Durable::Lost => 0,
            Durable::AllBut(n_bytes) => n_bytes,
        }
    }

    /// As it is now.
    pub fn look(&self) -> Result<Look, VisitError> {
        look_of(&rustix::fs::fstat(&self.file)?).ok_or(VisitError::Missing)
    }

    /// A clean close: durable, then there under its name by one step, which is durable too.
    ///
    /// [`VisitError::Taken`] where a file is there that may not, or no longer, be replaced, and [`VisitError::Missing`]
    /// where none is and none may be made; the upload is gone then. Where a write failed, its failure once more: nothing
    /// gets the name, and what had arrived without holes is kept.
    pub fn finish(mut self, keeping: Keeping) -> Result<Stored, VisitError> {
        self.may_go_on()?;
        if let Some((accessed, changed)) = self.times {
            rustix::fs::futimens(&self.file, &timestamps(accessed, changed))?;
            self.changed(0);
        }
        self.sync()?;
        let look = self.look()?;
        let Some(temporary) = self.temporary.take() else { return Err(VisitError::Missing) };
        let moved = self.give_name(&temporary, keeping);
        if moved.is_err() {
            let _ = rustix::fs::unlinkat(&self.folder, temporary.as_str(), AtFlags::empty());
        }
        let has_replaced = moved?;
        sync_names(self.folder.as_fd())?;
        Ok(Stored { n_bytes: self.n_bytes, look, has_replaced })
    }

    /// Renames it; says whether it took another's place.
    fn give_name(&self, temporary: &str, keeping: Keeping) -> Result<bool, VisitError> {
        let folder = self.folder.as_fd();
        if self.may_replace && keeping.may_replace {
            let has_replaced = any_at(folder, &self.name)?.is_some();
            if !has_replaced && !keeping.may_create {
                return Err(VisitError::Missing);
            }
            rustix::fs::renameat(folder, temporary, folder, self.name.as_slice())?;
            return Ok(has_replaced);
        }
        if !keeping.may_create {
            return Err(VisitError::Taken);
        }
        rename_to_free(folder, temporary.as_bytes(), folder, &self.name)?;
        Ok(false)
    }

    /// The same file to read from, whatever becomes of its name.
    pub fn reader(&self) -> Result<OpenFile, VisitError> {
        Ok(OpenFile::new(self.file.try_clone().map_err(|error| system(&error))?))
    }

    /// Leaves nothing of it: what is written from now on goes nowhere.
    pub fn give_up(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            // What cannot be removed now goes with the next sweep.
            let _ = rustix::fs::unlinkat(&self.folder, temporary.as_str(), AtFlags::empty());
        }
    }

    /// Whether it was begun to take the place of a file of its name.
    pub fn may_replace(&self) -> bool {
        self.may_replace
    }

    fn keep_or_remove(&self, temporary: &str) {
        let folder = self.folder.as_fd();
        let n_bytes = self.solid.n_bytes();
        let is_kept = n_bytes > 0
            && !self.has_published
            && self.durable != Durable::Lost
            && self.file.set_len(n_bytes).is_ok()
            && self.file.sync_data().is_ok()
            && rustix::fs::renameat(folder, temporary, folder, self.partial.as_str()).is_ok();
        if !is_kept {
            let _ = rustix::fs::unlinkat(folder, temporary, AtFlags::empty());
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            self.keep_or_remove(&temporary);
        }
    }
}

/// Renames where the new name is free, and only there.
pub(super) fn rename_to_free(
    from: BorrowedFd<'_>,
    name: &[u8],
    to: BorrowedFd<'_>,
    new_name: &[u8],
) -> Result<(), VisitError> {
    match rustix::fs::renameat_with(from, name, to, new_name, RenameFlags::NOREPLACE) {
        // FUSE and NFS know no NOREPLACE. A plain rename would replace a file of the name; a second name does not.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            rustix::fs::linkat(from, name, to, new_name, AtFlags::empty())?;
            sync_names(to)?;
            Ok(rustix::fs::unlinkat(from, name, AtFlags::empty())?)
        }
        answer => Ok(answer?),
    }
}

pub(super) fn timestamps(accessed: i64, changed: i64) -> Timestamps {
    let at = |seconds| Timespec { tv_sec: seconds, tv_nsec: 0 };
    Timestamps { last_access: at(accessed), last_modification: at(changed) }
}

pub(super) fn system(error: &std::io::Error) -> VisitError {
    Errno::from_io_error(error).map_or(VisitError::System(Errno::IO), VisitError::from)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{VisitPath, VisitedRoot};
    use super::*;

    fn begun(root: &VisitedRoot) -> Upload {
        let path = VisitPath::parse(b"/a.csv").unwrap();
        let writing = Writing { start: UploadStart::Empty, may_replace: false, may_create: true };
        root.upload("office", &path, writing).unwrap()
    }

    fn n_there(folder: &Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn what_is_durable_is_counted_from_the_last_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut upload = begun(&VisitedRoot::open(folder.path()).unwrap());
        upload.write_at(0, b"0123456789").unwrap();
        upload.append(b"abc").unwrap();
        assert_eq!(upload.n_bytes_not_durable(), 13);
        upload.sync().unwrap();
        assert_eq!((upload.n_bytes_not_durable(), upload.durable), (0, Durable::All));
        upload.set_len(4).unwrap();
        assert_eq!(upload.durable, Durable::AllBut(0), "its length is not");
        upload.append(b"x").unwrap();
        assert_eq!(upload.n_bytes_not_durable(), 1);
        assert_eq!(upload.finish(Keeping::AS_BEGUN).unwrap().n_bytes, 5);
    }

    #[test]
    fn what_the_system_lost_never_gets_its_name_and_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut upload = begun(&VisitedRoot::open(folder.path()).unwrap());
        upload.write_at(0, b"0123456789").unwrap();
        upload.durable = Durable::Lost;
        assert_eq!(upload.sync(), Err(VisitError::System(Errno::IO)));
        // What comes after does not make it good.
        upload.append(b"abc").unwrap();
        assert_eq!(upload.finish(Keeping::AS_BEGUN), Err(VisitError::System(Errno::IO)));
        assert_eq!(n_there(folder.path()), 0);
    }
}
