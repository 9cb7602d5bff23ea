//! Beginning an upload, from nothing or from what stands, and giving it another name to appear under.

use std::fs::File;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;

use super::copy::copy;
use super::hidden::{partial_name, upload_name};
use super::look::open_plain;
use super::solid::Solid;
use super::upload::{Durable, Upload, UploadStart, Writing, any_at};
use super::{Renaming, SeenKind, VisitError, VisitPath, VisitedRoot};
use crate::confined::{FILE, open_beneath};

impl VisitedRoot {
    /// Begins to write a file for `visitor`.
    ///
    /// [`VisitError::Taken`] where a file is there that may not be replaced, [`VisitError::Missing`] where none is and
    /// none may be made.
    pub fn upload(&self, visitor: &str, path: &VisitPath, writing: Writing) -> Result<Upload, VisitError> {
        self.upload_while(visitor, path, writing, &|| true)
    }

    /// [`VisitedRoot::upload`], which copies a file that stands only for as long as that is wanted.
    pub fn upload_while(
        &self,
        visitor: &str,
        path: &VisitPath,
        writing: Writing,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Upload, VisitError> {
        let (folder, name) = self.new_place(path)?;
        let standing = any_at(folder.as_fd(), name)?;
        match standing {
            Some(look) if look.kind == SeenKind::Folder => return Err(VisitError::IsFolder),
            Some(_) if !writing.may_replace => return Err(VisitError::Taken),
            None if !writing.may_create => return Err(VisitError::Missing),
            _ => {}
        }
        let partial = partial_name(visitor, name);
        let temporary = upload_name()?;
        let mut upload = Upload {
            file: File::from(begin(folder.as_fd(), &partial, &temporary, writing.start, standing.is_some())?),
            folder,
            temporary: Some(temporary),
            name: name.to_vec(),
            partial,
            may_replace: writing.may_replace,
            has_published: standing.is_some(),
            solid: Solid::default(),
            n_bytes: 0,
            n_bytes_copied: 0,
            n_bytes_pushed: 0,
            durable: Durable::AllBut(0),
            failure: None,
            times: None,
        };
        if writing.start == UploadStart::Standing && standing.is_some() {
            copy(&open_plain(upload.folder.as_fd(), name)?, &upload.file, is_wanted)?;
            upload.n_bytes_copied = upload.look()?.n_bytes;
        }
        let n_bytes = upload.look()?.n_bytes;
        upload.durable = Durable::AllBut(n_bytes);
        upload.n_bytes = n_bytes;
        upload.n_bytes_pushed = n_bytes;
        upload.solid = Solid::new(n_bytes);
        Ok(upload)
    }
}

impl VisitedRoot {
    /// Gives an upload of `visitor` another name to appear under.
    ///
    /// [`VisitError::Taken`] where something is there that may not be replaced; the upload stays as it was then.
    pub fn rename_upload(
        &self,
        upload: &mut Upload,
        visitor: &str,
        to: &VisitPath,
        renaming: Renaming,
    ) -> Result<(), VisitError> {
        let (folder, name) = self.new_place(to)?;
        let taken = any_at(folder.as_fd(), name)?;
        let is_folder = taken.is_some_and(|look| look.kind == SeenKind::Folder);
        if is_folder || (taken.is_some() && renaming == Renaming::KeepsTaken) {
            return Err(VisitError::Taken);
        }
        let temporary = upload.temporary.as_deref().ok_or(VisitError::Missing)?;
        // In the same folder this is no step at all.
        rustix::fs::renameat(&upload.folder, temporary, &folder, temporary)?;
        upload.folder = folder;
        upload.name = name.to_vec();
        upload.partial = partial_name(visitor, name);
        upload.may_replace = renaming == Renaming::Replaces;
        upload.has_published = taken.is_some();
        Ok(())
    }
}

/// The hidden file: what was kept of an earlier upload under a new name, or a new one.
fn begin(
    folder: BorrowedFd<'_>,
    partial: &str,
    temporary: &str,
    start: UploadStart,
    has_published: bool,
) -> Result<OwnedFd, VisitError> {
    if start == UploadStart::Standing && !has_published {
        match go_on(folder, partial, temporary) {
            Err(VisitError::Missing) => {}
            answer => return answer,
        }
    } else {
        // A new beginning takes the place of what was kept.
        let _ = rustix::fs::unlinkat(folder, partial, AtFlags::empty());
    }
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
    let fd = open_beneath(folder, temporary.as_ref(), flags, FILE)?;
    lock(&fd)?;
    Ok(fd)
}

/// Takes what was kept of an earlier upload; [`VisitError::Missing`] if nothing is.
fn go_on(folder: BorrowedFd<'_>, partial: &str, temporary: &str) -> Result<OwnedFd, VisitError> {
    // Under its new name it would look to a sweep as if a dead process had left it long ago, until it is locked.
    let now = Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW };
    let times = Timestamps { last_access: now, last_modification: now };
    rustix::fs::utimensat(folder, partial, &times, AtFlags::SYMLINK_NOFOLLOW)?;
    // Whoever renames it first goes on with it.
    rustix::fs::renameat(folder, partial, folder, temporary)?;
    let fd = open_beneath(folder, temporary.as_ref(), OFlags::RDWR, Mode::empty())?;
    lock(&fd)?;
    Ok(fd)
}

/// Shows a sweep that somebody is writing here; the kernel forgets it with the process. The name is new, so that only a
/// sweep that looks at this moment can hold it.
fn lock(fd: &OwnedFd) -> Result<(), VisitError> {
    match rustix::fs::flock(fd, FlockOperation::LockExclusive) {
        // A volume without locks: there a sweep goes by age alone.
        Ok(()) | Err(Errno::NOLCK | Errno::OPNOTSUPP | Errno::INVAL) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
