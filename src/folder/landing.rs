//! Folders that foreign files are fetched into: a hidden part first, which a later try may go on with, then the name.
//!
//! A part is known by the content it is to become, so what belongs to another content is never gone on with. What is
//! in it is not trusted: whoever goes on with it reads it again and compares the whole.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use renkei_core::hash::Hasher;
use renkei_core::port::{Content, FolderError, Standing};
use renkei_core::{FileName, FolderPath};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::confined::{Confined, FILE, PUBLISHED_FOLDER, open_beneath};
use crate::errors::fault;
use crate::publish::compare_until;
use crate::transport::place;

/// What the name of a part ends with.
const PART_ENDING: &str = ".fetched.part";
/// Bytes read at a time.
const CHUNK_BYTES: usize = 256 * 1024;

/// A root below which files are fetched into folders. It is opened at each use, because a volume may be mounted anew
/// below a daemon that runs on; it must be there.
#[derive(Debug, Clone)]
pub struct Landing {
    root: PathBuf,
}

/// One of its folders, open.
#[derive(Debug)]
pub struct LandingFolder {
    folder: Confined,
}

/// A file that is not whole yet.
#[derive(Debug)]
pub struct Part {
    file: File,
    hidden: String,
    path: String,
    n_bytes: u64,
}

impl Landing {
    /// Below a root.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Opens a folder, making what is missing below the root. No link is followed there.
    pub fn folder(&self, path: &FolderPath) -> Result<LandingFolder, FolderError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(CWD, &self.root, flags, Mode::empty())
            .map_err(|errno| fault(&self.root.display().to_string(), "read", errno))?;
        let parts: Vec<&str> = path.parts().collect();
        Ok(LandingFolder { folder: Confined::root(fd).way_or_make(&parts, PUBLISHED_FOLDER)? })
    }
}

impl LandingFolder {
    /// Compares what has a name by length and digest; `None` where it was asked to end first.
    pub fn standing(
        &self,
        name: &FileName,
        content: &Content,
        wants_stop: &dyn Fn() -> bool,
    ) -> Result<Option<Standing>, FolderError> {
        compare_until(&self.folder, name, content, wants_stop)
    }

    /// Opens the part of a content, or begins it. `key` tells contents of one name apart: letters and digits.
    pub fn part(&self, name: &FileName, key: &str) -> Result<Part, FolderError> {
        let hidden = format!(".{name}.{key}{PART_ENDING}");
        let path = self.folder.path_of(name.as_str());
        let flags = OFlags::RDWR | OFlags::NONBLOCK;
        let open = |flags, mode| open_beneath(self.folder.fd(), OsStr::new(&hidden), flags, mode);
        let found = match open(flags, Mode::empty()) {
            Ok(fd) => {
                let stat = rustix::fs::fstat(&fd).map_err(|errno| fault(&path, "read", errno))?;
                let is_plain = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
                    && stat.st_nlink == 1
                    && stat.st_uid == rustix::process::geteuid().as_raw();
                is_plain.then_some((fd, u64::try_from(stat.st_size).unwrap_or(0)))
            }
            Err(Errno::NOENT | Errno::LOOP | Errno::ISDIR | Errno::NXIO | Errno::ACCESS) => None,
            Err(errno) => return Err(fault(&path, "read", errno)),
        };
        let (fd, n_bytes) = if let Some(found) = found {
            found
        } else {
            self.folder.remove_all(OsStr::new(&hidden))?;
            let made = open(flags | OFlags::CREATE | OFlags::EXCL, FILE);
            (made.map_err(|errno| fault(&path, "created", errno))?, 0)
        };
        Ok(Part { file: File::from(fd), hidden, path, n_bytes })
    }

    /// Makes a part durable and gives it its name; false where that is taken, and then the part is gone.
    pub fn place(&self, part: &Part, name: &FileName) -> Result<bool, FolderError> {
        let path = self.folder.path_of(name.as_str());
        part.file.sync_data().map_err(|error| fault(&path, "written", error))?;
        match place(&self.folder, &part.hidden, name.as_str()) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => self.discard(part).map(|()| false),
            Err(errno) => Err(fault(&path, "moved", errno)),
        }
    }

    /// Removes a part.
    pub fn discard(&self, part: &Part) -> Result<(), FolderError> {
        self.folder.remove_all(OsStr::new(&part.hidden))
    }

    /// Removes a plain file and makes that durable; none there is well.
    pub fn remove(&self, name: &FileName) -> Result<(), FolderError> {
        self.folder.remove_file(name)?;
        self.folder.sync()
    }

    /// Makes the names in it durable.
    pub fn sync(&self) -> Result<(), FolderError> {
        self.folder.sync()
    }

    /// Removes parts that were not written to since then, in unix seconds, and says how many: nobody goes on with them.
    pub fn sweep(&self, before_unix_seconds: i64) -> Result<u64, FolderError> {
        let failed = |errno| fault(self.folder.shown(), "read", errno);
        let mut n_removed = 0;
        for entry in Dir::new(self.folder.readable().map_err(failed)?).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if !name.starts_with('.') || !name.ends_with(PART_ENDING) {
                continue;
            }
            match rustix::fs::statat(self.folder.fd(), name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) if stat.st_mtime < before_unix_seconds => {
                    self.folder.remove_all(OsStr::new(name))?;
                    n_removed += 1;
                }
                Ok(_) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(failed(errno)),
            }
        }
        Ok(n_removed)
    }
}

impl Part {
    /// How long it is.
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Reads it from its start; `None` where it was asked to end first. What is written next goes to its end.
    pub fn read_again(&mut self, wants_stop: &dyn Fn() -> bool) -> Result<Option<Hasher>, FolderError> {
        let failed = |error| fault(&self.path, "read", error);
        self.file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let (mut hasher, mut buffer, mut n_read) = (Hasher::new(), vec![0; CHUNK_BYTES], 0_u64);
        while n_read < self.n_bytes {
            if wants_stop() {
                return Ok(None);
            }
            let n = match self.file.read(&mut buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                answer => answer.map_err(failed)?,
            };
            if n == 0 {
                break;
            }
            hasher.update(buffer.get(..n).unwrap_or_default());
            n_read += n as u64;
        }
        self.n_bytes = n_read;
        Ok(Some(hasher))
    }

    /// Empties it.
    pub fn begin_anew(&mut self) -> Result<(), FolderError> {
        let emptied = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied.map_err(|error| fault(&self.path, "written", error))?;
        self.n_bytes = 0;
        Ok(())
    }

    /// Writes on.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FolderError> {
        self.file.write_all(bytes).map_err(|error| fault(&self.path, "written", error))?;
        self.n_bytes += bytes.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn open(root: &Path) -> LandingFolder {
        Landing::at(root).folder(&"011/inbox".parse().unwrap()).unwrap()
    }

    fn name() -> FileName {
        "a.csv".parse().unwrap()
    }

    #[test]
    fn a_part_is_gone_on_with_and_placed_once() {
        let root = tempfile::tempdir().unwrap();
        let folder = open(root.path());
        let mut part = folder.part(&name(), "k1").unwrap();
        part.write(b"one").unwrap();
        drop(part);
        let mut part = folder.part(&name(), "k1").unwrap();
        assert_eq!(part.n_bytes(), 3);
        assert!(part.read_again(&|| true).unwrap().is_none());
        assert!(part.read_again(&|| false).unwrap().is_some());
        part.write(b"two").unwrap();
        assert!(folder.place(&part, &name()).unwrap());
        let path = root.path().join("011/inbox/a.csv");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "onetwo");
        // Another content begins at its own start, and what has the name stays.
        let mut part = folder.part(&name(), "k2").unwrap();
        assert_eq!(part.n_bytes(), 0);
        part.write(b"other").unwrap();
        part.begin_anew().unwrap();
        part.write(b"new").unwrap();
        assert!(!folder.place(&part, &name()).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "onetwo");
        assert_eq!(std::fs::read_dir(root.path().join("011/inbox")).unwrap().count(), 1);
    }

    #[test]
    fn a_part_that_somebody_planted_is_not_written_through() {
        let root = tempfile::tempdir().unwrap();
        let outside = root.path().join("secret");
        std::fs::write(&outside, "secret").unwrap();
        let folder = open(root.path());
        let planted = root.path().join("011/inbox/.a.csv.k.fetched.part");
        for make in [
            |from: &Path, to: &Path| symlink(from, to).unwrap(),
            |from: &Path, to: &Path| {
                std::fs::hard_link(from, to).unwrap();
            },
        ] {
            make(&outside, &planted);
            let mut part = folder.part(&name(), "k").unwrap();
            part.write(b"x").unwrap();
            folder.discard(&part).unwrap();
            assert_eq!(std::fs::read_to_string(&outside).unwrap(), "secret");
        }
        std::fs::create_dir(&planted).unwrap();
        assert_eq!(folder.part(&name(), "k").unwrap().n_bytes(), 0);
        symlink("/tmp", root.path().join("link")).unwrap();
        let error = Landing::at(root.path()).folder(&"link".parse().unwrap()).unwrap_err();
        assert!(matches!(error, FolderError::Outside { .. }), "{error:?}");
    }

    #[test]
    fn old_parts_go_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let folder = open(root.path());
        drop(folder.part(&name(), "k").unwrap());
        std::fs::write(root.path().join("011/inbox/.hidden"), "").unwrap();
        std::fs::write(root.path().join("011/inbox/b.fetched.part"), "").unwrap();
        assert_eq!(folder.sweep(1_000).unwrap(), 0);
        assert_eq!(folder.sweep(i64::MAX).unwrap(), 1);
        assert_eq!(std::fs::read_dir(root.path().join("011/inbox")).unwrap().count(), 2);
    }
}
