//! A folder held by its descriptor, and the steps from it to what lies directly in it.
//!
//! A path is walked one name at a time, each opened relative to the folder before. The kernel is told to
//! stay beneath that folder and to follow no link, so a link planted at any moment is an error, not a way
//! out.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use renkei_core::port::FolderError;
use renkei_core::{FileName, FolderPath};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use rustix::process::{Gid, Uid};

use crate::errors::fault;

/// Mode of the hub's own folders (`.stage`, `.quarantine`, `.archive`, and the stages): nobody else's to see.
pub(crate) const OWN_FOLDER: Mode = Mode::RWXU;
/// Mode of published folders, 0750. Given at creation only: a later chmod would cut down an ACL's mask.
pub(crate) const PUBLISHED_FOLDER: Mode = Mode::RWXU.union(Mode::RGRP).union(Mode::XGRP);
/// Mode of files, 0640; likewise given at creation only.
pub(crate) const FILE: Mode = Mode::RUSR.union(Mode::WUSR).union(Mode::RGRP);

const FOLDER_FLAGS: OFlags = OFlags::PATH.union(OFlags::DIRECTORY);

/// An open folder and its path below the root, which is for messages only.
#[derive(Debug)]
pub(crate) struct Confined {
    fd: OwnedFd,
    path: String,
}

impl Confined {
    /// Takes an opened root. Paths in messages are then told below it.
    pub(crate) fn root(fd: OwnedFd) -> Self {
        Self { fd, path: String::new() }
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// The path of `name` in this folder, for messages.
    pub(crate) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}/{name}", self.path) }
    }

    /// Opens the folder `path` below this one.
    pub(crate) fn below(&self, path: &FolderPath) -> Result<Self, FolderError> {
        let mut parts = path.parts();
        let first = self.folder(parts.next().unwrap_or_default())?;
        parts.try_fold(first, |at, part| at.folder(part))
    }

    /// Opens the folder `name` in this one.
    pub(crate) fn folder(&self, name: &str) -> Result<Self, FolderError> {
        let path = self.path_of(name);
        match open_beneath(self.fd(), OsStr::new(name), FOLDER_FLAGS, Mode::empty()) {
            Ok(fd) => Ok(Self { fd, path }),
            Err(errno) => Err(fault(&path, "read", errno)),
        }
    }

    /// Opens the folder `name`, making it if it is missing; says whether it was made.
    pub(crate) fn folder_or_make(&self, name: &str, mode: Mode) -> Result<(Self, bool), FolderError> {
        match self.folder(name) {
            Err(FolderError::Missing { path }) => match rustix::fs::mkdirat(self.fd(), name, mode) {
                Ok(()) => {
                    self.hand_over(name).map_err(|errno| fault(&path, "given its owner", errno))?;
                    Ok((self.folder(name)?, true))
                }
                // Somebody else was quicker; what he made is looked at like anything found here.
                Err(Errno::EXIST) => Ok((self.folder(name)?, false)),
                Err(errno) => Err(fault(&path, "created", errno)),
            },
            found => Ok((found?, false)),
        }
    }

    /// What root makes by hand in folders of the hub's user is that user's, or his hub could not work there.
    fn hand_over(&self, name: &str) -> Result<(), Errno> {
        if !rustix::process::geteuid().is_root() {
            return Ok(());
        }
        let own = rustix::fs::fstat(self.fd())?;
        let (user, group) = (Uid::from_raw(own.st_uid), Gid::from_raw(own.st_gid));
        if user.is_root() {
            return Ok(());
        }
        rustix::fs::chownat(self.fd(), name, Some(user), Some(group), AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Opens the folder that these names lead to, making what is missing and making the way durable.
    pub(crate) fn way_or_make(self, parts: &[&str], mode: Mode) -> Result<Self, FolderError> {
        parts.iter().try_fold(self, |at, part| {
            let (next, is_made) = at.folder_or_make(part, mode)?;
            if is_made {
                at.sync()?;
            }
            Ok(next)
        })
    }

    /// Opens the plain file `name` for reading. Anything but a regular file is [`FolderError::Outside`].
    pub(crate) fn file(&self, name: &FileName) -> Result<File, FolderError> {
        self.own_file(name.as_str())
    }

    /// [`Confined::file`] under a name of the hub's own, which may begin with a dot.
    pub(crate) fn own_file(&self, name: &str) -> Result<File, FolderError> {
        let path = self.path_of(name);
        // Without NONBLOCK, a pipe with the name of a file would hold the hub until somebody writes to it.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let fd = open_beneath(self.fd(), OsStr::new(name), flags, Mode::empty())
            .map_err(|errno| fault(&path, "read", errno))?;
        let kind = rustix::fs::fstat(&fd).map_err(|errno| fault(&path, "read", errno))?.st_mode;
        if FileType::from_raw_mode(kind) == FileType::RegularFile {
            Ok(File::from(fd))
        } else {
            Err(FolderError::Outside { path })
        }
    }

    /// Makes the file `name` for writing; there must be none.
    pub(crate) fn new_file(&self, name: &FileName) -> Result<File, Errno> {
        self.new_own_file(name.as_str())
    }

    /// [`Confined::new_file`] under a name of the hub's own, which may begin with a dot.
    pub(crate) fn new_own_file(&self, name: &str) -> Result<File, Errno> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        open_beneath(self.fd(), OsStr::new(name), flags, FILE).map(File::from)
    }

    /// Makes a file whose name is hidden, and so no [`FileName`]; there must be none.
    pub(crate) fn new_hidden_file(&self, name: &str) -> Result<File, Errno> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        open_beneath(self.fd(), OsStr::new(name), flags, FILE).map(File::from)
    }

    /// Makes the names in this folder durable.
    pub(crate) fn sync(&self) -> Result<(), FolderError> {
        self.fsync().map_err(|errno| fault(self.shown(), "written", errno))
    }

    /// [`Confined::sync`] with the bare error number.
    pub(crate) fn fsync(&self) -> Result<(), Errno> {
        match self.readable().and_then(rustix::fs::fsync) {
            // Some network volumes have no fsync for folders and say so with EINVAL.
            Err(Errno::INVAL) => Ok(()),
            answer => answer,
        }
    }

    /// The names of everything of kind `wanted` in this folder that is a plain name, sorted.
    pub(crate) fn names(&self, wanted: FileType) -> Result<Vec<FileName>, FolderError> {
        let failed = |errno| fault(self.shown(), "read", errno);
        let mut names = Vec::new();
        for entry in Dir::new(self.readable().map_err(failed)?).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Some(name) = entry.file_name().to_str().ok().and_then(|text| text.parse::<FileName>().ok())
            else {
                continue;
            };
            let kind = match entry.file_type() {
                FileType::Unknown => self.kind_of(name.as_str()).map_err(failed)?,
                kind => Some(kind),
            };
            if kind == Some(wanted) {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Removes `name` with all that is in it, following no link; none there is well.
    pub(crate) fn remove_all(&self, name: &OsStr) -> Result<(), FolderError> {
        let path = self.path_of(&name.to_string_lossy());
        match rustix::fs::unlinkat(self.fd(), name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            Err(Errno::ISDIR) => {}
            Err(errno) => return Err(fault(&path, "removed", errno)),
        }
        let failed = |errno| fault(&path, "removed", errno);
        let fd = open_beneath(self.fd(), name, FOLDER_FLAGS, Mode::empty()).map_err(failed)?;
        let inner = Self { fd, path: path.clone() };
        for entry in Dir::new(inner.readable().map_err(failed)?).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let child = entry.file_name().to_bytes();
            if child != b"." && child != b".." {
                inner.remove_all(OsStr::from_bytes(child))?;
            }
        }
        match rustix::fs::unlinkat(self.fd(), name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(failed(errno)),
        }
    }

    /// Removes the plain file `name`; none there is well, anything else is [`FolderError::Outside`].
    pub(crate) fn remove_file(&self, name: &FileName) -> Result<(), FolderError> {
        let path = self.path_of(name.as_str());
        let failed = |errno| fault(&path, "removed", errno);
        match self.kind_of(name.as_str()).map_err(failed)? {
            None => Ok(()),
            Some(FileType::RegularFile) => {
                match rustix::fs::unlinkat(self.fd(), name.as_str(), AtFlags::empty()) {
                    Ok(()) | Err(Errno::NOENT) => Ok(()),
                    Err(errno) => Err(failed(errno)),
                }
            }
            Some(_) => Err(FolderError::Outside { path }),
        }
    }

    /// Length of the plain file `name` and when it was written or moved last, in unix seconds; a link is looked
    /// at itself, `None` if it has gone.
    pub(crate) fn size_and_time(&self, name: &FileName) -> Result<Option<(u64, i64)>, FolderError> {
        match rustix::fs::statat(self.fd(), name.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => {
                let n_bytes = u64::try_from(stat.st_size).unwrap_or(0);
                Ok(Some((n_bytes, stat.st_mtime.max(stat.st_ctime))))
            }
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(fault(&self.path_of(name.as_str()), "read", errno)),
        }
    }

    /// What `name` is, a link being a link; `None` if it has gone.
    pub(crate) fn kind_of(&self, name: &str) -> Result<Option<FileType>, Errno> {
        match rustix::fs::statat(self.fd(), name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(FileType::from_raw_mode(stat.st_mode))),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// This folder opened once more so that it can be listed and synced; the kept descriptor only leads on.
    pub(crate) fn readable(&self) -> Result<OwnedFd, Errno> {
        open_beneath(self.fd(), OsStr::new("."), OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())
    }

    pub(crate) fn shown(&self) -> &str {
        if self.path.is_empty() { "." } else { &self.path }
    }
}

/// Opens the single name `name` in `dir` and follows no link.
pub(crate) fn open_beneath(
    dir: BorrowedFd<'_>,
    name: &OsStr,
    flags: OFlags,
    mode: Mode,
) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::openat2(dir, name, flags, mode, resolve) {
        // An older kernel has no openat2; some container runtimes refuse it with EPERM.
        Err(Errno::NOSYS | Errno::PERM) => open_by_name(dir, name, flags, mode),
        answer => answer,
    }
}

/// The same on systems without `openat2`: as `name` is one name, not following it is enough.
pub(crate) fn open_by_name(
    dir: BorrowedFd<'_>,
    name: &OsStr,
    flags: OFlags,
    mode: Mode,
) -> Result<OwnedFd, Errno> {
    let is_one_name = !name.is_empty() && name != ".." && !name.as_bytes().contains(&b'/');
    if !is_one_name {
        return Err(Errno::XDEV);
    }
    rustix::fs::openat(dir, name, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, mode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::CWD;
    use std::os::unix::fs::symlink;

    type Open = fn(BorrowedFd<'_>, &OsStr, OFlags, Mode) -> Result<OwnedFd, Errno>;

    #[test]
    fn both_ways_of_opening_are_confined_alike() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "x").unwrap();
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("plain")).unwrap();
        std::fs::write(root.path().join("file"), "x").unwrap();
        symlink(outside.path(), root.path().join("folder-link")).unwrap();
        symlink(outside.path().join("secret"), root.path().join("file-link")).unwrap();
        symlink("plain", root.path().join("inner-link")).unwrap();
        let dir = rustix::fs::openat(CWD, root.path(), FOLDER_FLAGS, Mode::empty()).unwrap();

        let check = |open: Open, name: &str, flags: OFlags, is_opened: bool| {
            let answer = open(dir.as_fd(), OsStr::new(name), flags, Mode::empty());
            match (answer, is_opened) {
                (Ok(_), true) => {}
                (Err(errno), false) => {
                    let fault = fault(name, "read", errno);
                    assert!(matches!(fault, FolderError::Outside { .. }), "{name}: {errno}");
                }
                (answer, _) => panic!("{name}: {answer:?}"),
            }
        };
        for open in [open_beneath as Open, open_by_name] {
            check(open, "plain", FOLDER_FLAGS, true);
            check(open, "file", OFlags::RDONLY, true);
            check(open, "file", FOLDER_FLAGS, false);
            for link in ["folder-link", "inner-link", "file-link"] {
                check(open, link, FOLDER_FLAGS, false);
                check(open, link, OFlags::RDONLY, false);
            }
            check(open, "..", FOLDER_FLAGS, false);
            check(open, "../x", OFlags::RDONLY, false);
        }
    }
}
