//! Publishing: a staged file appears under its final name by one step, whole or absent, and may be
//! published again after a crash at any point.

use std::io::Read;

use renkei_core::port::{Content, FolderError, Standing};
use renkei_core::{Digest, FileName, FolderPath};
use rustix::fs::{AtFlags, RenameFlags};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use crate::confined::Confined;
use crate::errors::fault;
use crate::root::LocalFolders;

/// Bytes read at a time when a file is compared.
const CHUNK_BYTES: usize = 1 << 18;

impl LocalFolders {
    /// See [`renkei_core::port::Folders::publish`]. A staged file of another length than `content` is not
    /// the sealed one and counts as missing.
    pub(crate) fn publish_staged(
        &self,
        stage: &FileName,
        name: &FileName,
        folder: &FolderPath,
        content: &Content,
    ) -> Result<(), FolderError> {
        let Some(stage) = self.stage_holding(stage, name, content)? else {
            return self.confirm_published(name, folder, content);
        };
        let target = self.folder_or_make(folder)?;
        let path = target.path_of(name.as_str());
        match move_whole(&stage, name, &target) {
            Ok(()) => target.sync(),
            Err(Errno::EXIST) if compare(&target, name, content)? == Standing::Same => {
                target.sync()?;
                unlink(&stage, name).map_err(|errno| fault(&stage.path_of(name.as_str()), "removed", errno))
            }
            Err(Errno::EXIST) => Err(FolderError::NameTaken { path }),
            Err(Errno::XDEV) => Err(FolderError::OtherVolume { path }),
            Err(errno) => Err(fault(&path, "moved", errno)),
        }
    }

    /// The stage, if it is there and has the file in its full length.
    fn stage_holding(
        &self,
        stage: &FileName,
        name: &FileName,
        content: &Content,
    ) -> Result<Option<Confined>, FolderError> {
        let stage = match self.stage(stage) {
            Err(FolderError::Missing { .. }) => return Ok(None),
            stage => stage?,
        };
        let path = stage.path_of(name.as_str());
        match stage.file(name) {
            Err(FolderError::Missing { .. }) => Ok(None),
            file => {
                let found = file?.metadata().map_err(|error| fault(&path, "read", error))?;
                Ok((found.len() == content.n_bytes).then_some(stage))
            }
        }
    }

    /// The stage has the file no more, so it must have been published before. Its folder is synced: the
    /// process that moved it may have died before it could.
    fn confirm_published(
        &self,
        name: &FileName,
        folder: &FolderPath,
        content: &Content,
    ) -> Result<(), FolderError> {
        let path = format!("{folder}/{name}");
        let target = match self.folder(folder) {
            Err(FolderError::Missing { .. }) => return Err(FolderError::StagedFileLost { path }),
            target => target?,
        };
        match compare(&target, name, content)? {
            Standing::Same => self.folder_or_make(folder)?.sync(),
            Standing::Other => Err(FolderError::NameTaken { path }),
            Standing::Missing => Err(FolderError::StagedFileLost { path }),
        }
    }
}

/// Compares the file `name` by length, then by SHA-256.
pub(crate) fn compare(
    folder: &Confined,
    name: &FileName,
    content: &Content,
) -> Result<Standing, FolderError> {
    Ok(compare_until(folder, name, content, &|| false)?.unwrap_or(Standing::Other))
}

/// The same; `None` where it was asked to end first.
pub(crate) fn compare_until(
    folder: &Confined,
    name: &FileName,
    content: &Content,
    wants_stop: &dyn Fn() -> bool,
) -> Result<Option<Standing>, FolderError> {
    let path = folder.path_of(name.as_str());
    let mut file = match folder.file(name) {
        Err(FolderError::Missing { .. }) => return Ok(Some(Standing::Missing)),
        Err(FolderError::Outside { .. }) => return Ok(Some(Standing::Other)),
        file => file?,
    };
    let failed = |error| fault(&path, "read", error);
    if file.metadata().map_err(failed)?.len() != content.n_bytes {
        return Ok(Some(Standing::Other));
    }
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        if wants_stop() {
            return Ok(None);
        }
        let n_read = match file.read(&mut chunk) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            answer => answer.map_err(failed)?,
        };
        if n_read == 0 {
            break;
        }
        hasher.update(chunk.get(..n_read).unwrap_or_default());
    }
    let is_same = Digest(hasher.finalize().into()) == content.sha256;
    Ok(Some(if is_same { Standing::Same } else { Standing::Other }))
}

/// Moves a file into another folder under the same name; `EEXIST` if the name is taken there.
fn move_whole(from: &Confined, name: &FileName, to: &Confined) -> Result<(), Errno> {
    let name_text = name.as_str();
    match rustix::fs::renameat_with(from.fd(), name_text, to.fd(), name_text, RenameFlags::NOREPLACE) {
        // FUSE and NFS know no NOREPLACE. A plain rename would replace a file of the name.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => move_by_link(from, name, to),
        answer => answer,
    }
}

/// The same by a second name, made durable, and the removal of the first. Killed in between, both names
/// stay; publishing again finds the final one and removes the staged one.
fn move_by_link(from: &Confined, name: &FileName, to: &Confined) -> Result<(), Errno> {
    rustix::fs::linkat(from.fd(), name.as_str(), to.fd(), name.as_str(), AtFlags::empty())?;
    to.fsync()?;
    unlink(from, name)
}

fn unlink(folder: &Confined, name: &FileName) -> Result<(), Errno> {
    rustix::fs::unlinkat(folder.fd(), name.as_str(), AtFlags::empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode, OFlags};
    use std::path::Path;

    type Move = fn(&Confined, &FileName, &Confined) -> Result<(), Errno>;

    #[test]
    fn both_ways_of_moving_keep_a_taken_name() {
        for move_file in [move_whole as Move, move_by_link] {
            let root = tempfile::tempdir().unwrap();
            let open = |name: &str| {
                std::fs::create_dir(root.path().join(name)).unwrap();
                let flags = OFlags::PATH | OFlags::DIRECTORY;
                let path = root.path().join(name);
                Confined::root(rustix::fs::openat(CWD, &path, flags, Mode::empty()).unwrap())
            };
            let (from, to) = (open("from"), open("to"));
            let name: FileName = "x.csv".parse().unwrap();
            let text = |path: &str| std::fs::read_to_string(root.path().join(path)).ok();
            let put = |path: &Path| std::fs::write(root.path().join(path), "new").unwrap();

            put(Path::new("from/x.csv"));
            assert_eq!(move_file(&from, &name, &to), Ok(()));
            assert_eq!((text("from/x.csv"), text("to/x.csv")), (None, Some("new".to_owned())));

            std::fs::write(root.path().join("to/x.csv"), "old").unwrap();
            put(Path::new("from/x.csv"));
            assert_eq!(move_file(&from, &name, &to), Err(Errno::EXIST));
            assert_eq!(text("to/x.csv").as_deref(), Some("old"));
            assert_eq!(text("from/x.csv").as_deref(), Some("new"));
        }
    }
}
