//! A folder of somebody else's into which files are put whole: receipts, and sets handed on.
//!
//! There is no stage of ours on that volume, so a file is written beside its final name, hidden, and renamed.

use std::io::{Read, Write as _};
use std::path::Path;

use renkei_core::port::{Content, FolderError, Standing};
use renkei_core::{FileName, FolderPath};
use rustix::fs::{AtFlags, CWD, Mode, OFlags};

use crate::confined::{Confined, PUBLISHED_FOLDER};
use crate::errors::fault;
use crate::publish::compare;

/// Folders below a root that files are put into.
#[derive(Debug)]
pub struct Outbox {
    root: Confined,
}

const COPY_BYTES: usize = 256 * 1024;

impl Outbox {
    /// Opens a root that exists. The way to it may hold links; below it none is followed.
    pub fn open(root: &Path) -> Result<Self, FolderError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(CWD, root, flags, Mode::empty())
            .map_err(|errno| fault(&root.display().to_string(), "read", errno))?;
        Ok(Self { root: Confined::root(fd) })
    }

    /// Puts a file into a folder, whole and durable, in the place of one of its name. A missing folder is made.
    pub fn put(
        &self,
        folder: &FolderPath,
        name: &FileName,
        mut source: impl Read,
    ) -> Result<(), FolderError> {
        let target = self.folder(folder)?;
        let path = target.path_of(name.as_str());
        // One process writes a name at a time; what a cut-off one left is written over.
        let hidden = format!(".{name}.writing");
        match rustix::fs::unlinkat(target.fd(), hidden.as_str(), AtFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => {}
            Err(errno) => return Err(fault(&path, "removed", errno)),
        }
        let mut file = target.new_hidden_file(&hidden).map_err(|errno| fault(&path, "created", errno))?;
        let mut buffer = vec![0; COPY_BYTES];
        let written = loop {
            match source.read(&mut buffer) {
                Ok(0) => break file.sync_data(),
                Ok(n_bytes) => {
                    if let Err(error) = file.write_all(buffer.get(..n_bytes).unwrap_or_default()) {
                        break Err(error);
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        if let Err(error) = written {
            // It cannot be told here whether reading or writing failed; the hidden file is of no use either way.
            let _ = rustix::fs::unlinkat(target.fd(), hidden.as_str(), AtFlags::empty());
            return Err(fault(&path, "written", error));
        }
        rustix::fs::renameat(target.fd(), hidden.as_str(), target.fd(), name.as_str())
            .map_err(|errno| fault(&path, "moved", errno))?;
        target.sync()
    }

    /// True when the folder has just this content under the name.
    pub fn has(&self, folder: &FolderPath, name: &FileName, content: &Content) -> Result<bool, FolderError> {
        let target = self.folder(folder)?;
        Ok(compare(&target, name, content)? == Standing::Same)
    }

    fn folder(&self, path: &FolderPath) -> Result<Confined, FolderError> {
        let mut at: Option<Confined> = None;
        for part in path.parts() {
            let parent = at.as_ref().unwrap_or(&self.root);
            let (next, is_made) = parent.folder_or_make(part, PUBLISHED_FOLDER)?;
            if is_made {
                parent.sync()?;
            }
            at = Some(next);
        }
        at.ok_or_else(|| FolderError::Missing { path: path.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_put_whole_and_replaced_and_no_link_is_followed() {
        let root = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(root.path()).unwrap();
        let (folder, name): (FolderPath, FileName) =
            ("015/receipt".parse().unwrap(), "a.receipt.json".parse().unwrap());
        for text in ["one", "two"] {
            outbox.put(&folder, &name, text.as_bytes()).unwrap();
            let path = root.path().join("015/receipt/a.receipt.json");
            assert_eq!(std::fs::read_to_string(path).unwrap(), text);
        }
        assert_eq!(std::fs::read_dir(root.path().join("015/receipt")).unwrap().count(), 1);
        let content = |text: &str| Content {
            n_bytes: text.len() as u64,
            sha256: renkei_core::Digest(renkei_core::hash::sha256(text.as_bytes())),
        };
        assert!(outbox.has(&folder, &name, &content("two")).unwrap());
        assert!(!outbox.has(&folder, &name, &content("one")).unwrap());
        std::os::unix::fs::symlink(outside.path(), root.path().join("link")).unwrap();
        let link: FolderPath = "link".parse().unwrap();
        assert!(matches!(outbox.put(&link, &name, "x".as_bytes()), Err(FolderError::Outside { .. })));
    }
}
