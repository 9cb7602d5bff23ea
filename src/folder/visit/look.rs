//! Looking at a name, and opening a published file for reading.

use std::fs::File;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};

use super::{VisitError, VisitPath, VisitedRoot};
use crate::confined::open_beneath;

/// What a visitor can see; links, pipes and devices are none of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenKind {
    /// A plain file.
    File,
    /// A folder.
    Folder,
}

/// A name's kind, length and times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// What it is.
    pub kind: SeenKind,
    /// Length in bytes; of no meaning for a folder.
    pub n_bytes: u64,
    /// The file's number on its volume; another file may have it once this one is gone.
    pub file_no: u64,
    /// Last read, in unix seconds.
    pub accessed: i64,
    /// Last changed, in unix seconds.
    pub changed: i64,
}

/// A line of a listing. `Debug` keeps the name to itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Seen {
    /// The name.
    pub name: Vec<u8>,
    /// What it is.
    pub look: Look,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seen").field("look", &self.look).finish_non_exhaustive()
    }
}

/// Room on the volume, as `statvfs(3)` counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Volume {
    /// Bytes of a block.
    pub block_bytes: u64,
    /// Blocks in all, free, and free for others than root.
    pub blocks: [u64; 3],
    /// Files in all, free, and free for others than root.
    pub files: [u64; 3],
    /// Bytes of the longest name.
    pub max_name_bytes: u64,
}

/// A published file opened for reading: what was opened is read to its end, whatever becomes of the name.
#[derive(Debug)]
pub struct OpenFile {
    file: File,
}

impl OpenFile {
    pub(super) fn new(file: File) -> Self {
        Self { file }
    }

    /// Puts up to `n_bytes` from `offset` at the end of `out`; fewer only at the end of the file.
    pub fn read_at(&self, offset: u64, n_bytes: usize, out: &mut Vec<u8>) -> Result<usize, VisitError> {
        read_at(&self.file, offset, n_bytes, out)
    }

    /// As it is now.
    pub fn look(&self) -> Result<Look, VisitError> {
        look_of(&rustix::fs::fstat(&self.file)?).ok_or(VisitError::Missing)
    }
}

impl VisitedRoot {
    /// What stands under a path.
    pub fn look(&self, path: &VisitPath) -> Result<Look, VisitError> {
        if path.is_hidden() {
            return Err(VisitError::Missing);
        }
        if path.is_root() {
            return look_of(&rustix::fs::fstat(&self.fd)?).ok_or(VisitError::Missing);
        }
        let (folder, name) = self.place(path)?;
        look_at(folder.as_fd(), name)?.ok_or(VisitError::Missing)
    }

    /// Opens a plain file for reading.
    pub fn read(&self, path: &VisitPath) -> Result<OpenFile, VisitError> {
        if path.is_hidden() {
            return Err(VisitError::Missing);
        }
        let (folder, name) = self.place(path)?;
        open_plain(folder.as_fd(), name).map(OpenFile::new)
    }

    /// Room on the volume of the root.
    pub fn volume(&self) -> Result<Volume, VisitError> {
        let stat = rustix::fs::fstatvfs(&self.fd)?;
        Ok(Volume {
            block_bytes: stat.f_frsize,
            blocks: [stat.f_blocks, stat.f_bfree, stat.f_bavail],
            files: [stat.f_files, stat.f_ffree, stat.f_favail],
            max_name_bytes: stat.f_namemax,
        })
    }
}

/// Opens a plain file for reading; anything else is not there.
pub(super) fn open_plain(folder: BorrowedFd<'_>, name: &[u8]) -> Result<File, VisitError> {
    // Without NONBLOCK, a pipe with the name of a file would hold the session until somebody writes to it.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK;
    let fd = open_beneath(folder, std::ffi::OsStr::from_bytes(name), flags, Mode::empty())?;
    match look_of(&rustix::fs::fstat(&fd)?).map(|look| look.kind) {
        Some(SeenKind::File) => Ok(File::from(fd)),
        Some(SeenKind::Folder) => Err(VisitError::IsFolder),
        None => Err(VisitError::Missing),
    }
}

/// What stands under a name in a folder; `None` for nothing and for what visitors do not see.
pub(super) fn look_at(folder: BorrowedFd<'_>, name: &[u8]) -> Result<Option<Look>, VisitError> {
    match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(look_of(&stat)),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

pub(super) fn look_of(stat: &Stat) -> Option<Look> {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => SeenKind::File,
        FileType::Directory => SeenKind::Folder,
        _ => return None,
    };
    let n_bytes = u64::try_from(stat.st_size).unwrap_or(0);
    Some(Look { kind, n_bytes, file_no: stat.st_ino, accessed: stat.st_atime, changed: stat.st_mtime })
}

pub(super) fn read_at(
    file: &File,
    offset: u64,
    n_bytes: usize,
    out: &mut Vec<u8>,
) -> Result<usize, VisitError> {
    let start = out.len();
    out.reserve_exact(n_bytes);
    // Room of just this length need not be filled with zeros first: the system says how much of it it has filled.
    let is_just = out.capacity() - start == n_bytes;
    if !is_just {
        out.resize(start + n_bytes, 0);
    }
    let mut n_read = 0;
    let failed = loop {
        if n_read == n_bytes {
            break None;
        }
        let at = offset.saturating_add(n_read as u64);
        let answer = if is_just {
            rustix::io::pread(file, rustix::buffer::spare_capacity(out), at)
        } else {
            rustix::io::pread(file, out.get_mut(start + n_read..).unwrap_or_default(), at)
        };
        match answer {
            // Beyond what a file can be long is beyond its end.
            Ok(0) | Err(rustix::io::Errno::INVAL | rustix::io::Errno::OVERFLOW) => break None,
            Ok(n_more) => n_read += n_more,
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => break Some(errno),
        }
    };
    out.truncate(start + n_read);
    failed.map_or(Ok(n_read), |errno| Err(errno.into()))
}
