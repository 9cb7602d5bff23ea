//! Shares: looking at what somebody else puts into a folder, and opening what was asked for by name.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use renkei_core::port::{FileStamp, FolderError, SeenFile, SeenKind, SeenName, Share};
use renkei_core::{FileName, FolderPath, Moment};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use crate::confined::Confined;
use crate::errors::fault;
use crate::root::LocalFolders;

/// The longest name that is shown, in characters.
const SHOWN_CHARS: usize = 80;
/// Of a longer one so many are shown, and then its digest.
const KEPT_CHARS: usize = 60;
/// Nanoseconds in a second.
const SECOND_NS: i128 = 1_000_000_000;

impl Share for LocalFolders {
    fn look(&self, folder: &FolderPath) -> Result<Vec<SeenFile>, FolderError> {
        look(self.folder(folder))
    }

    fn open(&self, folder: &FolderPath, name: &FileName) -> Result<Box<dyn Read + Send>, FolderError> {
        Ok(Box::new(self.folder(folder)?.file(name)?))
    }
}

/// Somebody else's folders, of which nothing is changed: what a receiver sees of the hub's.
///
/// The root is opened at each use, because a network volume may be mounted anew below a receiver that runs on.
/// The way to it may hold links; below it none is followed.
#[derive(Debug, Clone)]
pub struct ReadOnlyShare {
    root: PathBuf,
}

impl ReadOnlyShare {
    /// The share below a root, which need not be there yet. Without it a look is [`FolderError::Missing`]: what is
    /// not mounted is not the same as what is empty.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Opens a folder of it.
    pub(crate) fn folder(&self, folder: &FolderPath) -> Result<Confined, FolderError> {
        self.opened()?.below(folder)
    }

    fn opened(&self) -> Result<Confined, FolderError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(CWD, &self.root, flags, Mode::empty())
            .map_err(|errno| fault(&self.root.display().to_string(), "read", errno))?;
        Ok(Confined::root(fd))
    }
}

impl Share for ReadOnlyShare {
    fn look(&self, folder: &FolderPath) -> Result<Vec<SeenFile>, FolderError> {
        let root = self.opened()?;
        look(root.below(folder))
    }

    fn open(&self, folder: &FolderPath, name: &FileName) -> Result<Box<dyn Read + Send>, FolderError> {
        Ok(Box::new(self.folder(folder)?.file(name)?))
    }
}

/// Everything in a folder, by name, in one pass; nothing where there is none.
fn look(folder: Result<Confined, FolderError>) -> Result<Vec<SeenFile>, FolderError> {
    let folder = match folder {
        Err(FolderError::Missing { .. }) => return Ok(Vec::new()),
        folder => folder?,
    };
    let failed = |errno| fault(folder.shown(), "read", errno);
    // By name, as a folder that changes while it is listed may give an entry twice.
    let mut seen = BTreeMap::new();
    for entry in Dir::new(folder.readable().map_err(failed)?).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        match rustix::fs::statat(folder.fd(), OsStr::from_bytes(name), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => {
                let file = seen_file(seen_name(name), &stat);
                seen.insert(file.name.clone(), file);
            }
            // It went since.
            Err(Errno::NOENT) => {}
            Err(errno) => return Err(failed(errno)),
        }
    }
    Ok(seen.into_values().collect())
}

/// The time counted is that of the last change of any kind: programs that copy files give them the time of the
/// original afterwards, and then the time of writing says nothing about how long they are here.
fn seen_file(name: SeenName, stat: &Stat) -> SeenFile {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => SeenKind::File,
        FileType::Directory => SeenKind::Folder,
        FileType::Symlink => SeenKind::Link,
        _ => SeenKind::Other,
    };
    let written_ns = i128::from(stat.st_mtime) * SECOND_NS + i128::from(stat.st_mtime_nsec);
    let changed_ns = i128::from(stat.st_ctime) * SECOND_NS + i128::from(stat.st_ctime_nsec);
    let stamp = FileStamp {
        n_bytes: u64::try_from(stat.st_size).unwrap_or(0),
        changed_ns: written_ns.max(changed_ns),
        inode: stat.st_ino,
    };
    SeenFile { name, kind, stamp, changed_at: Moment::from_unix(stat.st_ctime) }
}

/// A name as it may be shown: what steers terminals is spelled out, and different names stay different.
fn seen_name(name: &[u8]) -> SeenName {
    if let Some(plain) = std::str::from_utf8(name).ok().and_then(|text| text.parse().ok()) {
        return SeenName::Plain(plain);
    }
    let mut shown = String::new();
    for chunk in name.utf8_chunks() {
        shown.extend(chunk.valid().escape_debug());
        shown.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    if shown.chars().count() > SHOWN_CHARS {
        shown = shown.chars().take(KEPT_CHARS).chain(['…']).collect();
        let digest: [u8; 32] = Sha256::digest(name).into();
        shown.extend(digest.iter().take(8).map(|byte| format!("{byte:02x}")));
    }
    SeenName::Odd(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_or_shown_harmless() {
        let check = |name: &[u8], expect: &str| {
            let shown = match seen_name(name) {
                SeenName::Plain(plain) => format!("plain {plain}"),
                SeenName::Odd(text) => text,
            };
            assert_eq!(shown, expect);
            assert!(shown.chars().count() <= 6 + SHOWN_CHARS && !shown.chars().any(char::is_control));
        };
        check("宛名.csv".as_bytes(), "plain 宛名.csv");
        check(b".hidden", ".hidden");
        check(b"a\n..\\b", "a\\n..\\\\b");
        check(b"\x1b[2J\xff\x83x", "\\u{1b}[2J\\xff\\x83x");
        let long = [b'\n'; 150];
        check(&long, &format!("{}…ec48f72e9598c6e0", "\\n".repeat(30)));
        assert_ne!(seen_name(&long), seen_name(&[b'\n'; 151]));
    }
}
