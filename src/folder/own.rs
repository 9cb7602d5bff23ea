//! Taking away what need not be kept: published files, and what the hub has in folders of its own.

use std::ffi::OsStr;

use renkei_core::port::{FolderError, OwnEntry, OwnFolder};
use renkei_core::{FileName, FolderPath, Moment};
use rustix::fs::FileType;

use crate::confined::Confined;
use crate::inbox::INTAKE;
use crate::receipts::RECEIPTS;
use crate::root::{ARCHIVE, LocalFolders, QUARANTINE};

/// Where the archive has publications, by feed and sequence, their receipts so too, and sets that were taken in, by
/// intake and set.
const OF_TWO_LEVELS: [&str; 3] = ["publications", INTAKE, RECEIPTS];

impl LocalFolders {
    /// See [`renkei_core::port::Folders::remove_published`].
    pub(crate) fn unpublish(&self, folder: &FolderPath, names: &[FileName]) -> Result<(), FolderError> {
        let folder = match self.folder(folder) {
            Err(FolderError::Missing { .. }) => return Ok(()),
            folder => folder?,
        };
        let removed = names.iter().try_for_each(|name| folder.remove_file(name));
        // What was removed before a fault is to be durable too.
        folder.sync()?;
        removed
    }

    /// See [`renkei_core::port::Folders::own_entries`].
    pub(crate) fn entries_of(&self, own: OwnFolder) -> Result<Vec<OwnEntry>, FolderError> {
        let top = match self.top_of(own) {
            Err(FolderError::Missing { .. }) => return Ok(Vec::new()),
            top => top?,
        };
        let mut found = Vec::new();
        for name in top.names(FileType::RegularFile)? {
            let mut entry = Gathered::default();
            entry.file(&top, &name)?;
            found.push(entry.named(name.as_str(), false)?);
        }
        for name in top.names(FileType::Directory)? {
            if own == OwnFolder::Archive && OF_TWO_LEVELS.contains(&name.as_str()) {
                let outer = top.folder(name.as_str())?;
                for one in outer.names(FileType::Directory)? {
                    let inner = outer.folder(one.as_str())?;
                    for place in inner.names(FileType::Directory)? {
                        let path = format!("{name}/{one}/{place}");
                        found.push(Gathered::all_of(&inner, &place)?.named(&path, true)?);
                    }
                }
            } else {
                found.push(Gathered::all_of(&top, &name)?.named(name.as_str(), true)?);
            }
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    }

    /// See [`renkei_core::port::Folders::files_of_systems`].
    pub(crate) fn entries_of_systems(&self, below: &FolderPath) -> Result<Vec<OwnEntry>, FolderError> {
        let mut found = Vec::new();
        // Hidden folders, the hub's own, are no file names.
        for system in self.root().names(FileType::Directory)? {
            let path: FolderPath = match format!("{system}/{below}").parse() {
                Ok(path) => path,
                Err(_) => continue,
            };
            let folder = match self.folder(&path) {
                Err(FolderError::Missing { .. } | FolderError::Outside { .. }) => continue,
                folder => folder?,
            };
            for name in folder.names(FileType::RegularFile)? {
                let mut entry = Gathered::default();
                entry.file(&folder, &name)?;
                found.push(entry.named(&format!("{path}/{name}"), false)?);
            }
        }
        Ok(found)
    }

    fn top_of(&self, own: OwnFolder) -> Result<Confined, FolderError> {
        match own {
            OwnFolder::Archive => self.own_folder(ARCHIVE),
            OwnFolder::Quarantine => self.own_folder(QUARANTINE),
            OwnFolder::Differences => self.differences(),
        }
    }

    /// See [`renkei_core::port::Folders::remove_own`].
    pub(crate) fn remove_entry(&self, own: OwnFolder, path: &FolderPath) -> Result<(), FolderError> {
        let mut parts: Vec<&str> = path.parts().collect();
        let Some(name) = parts.pop() else { return Ok(()) };
        let found = self.top_of(own).and_then(|top| parts.iter().try_fold(top, |at, part| at.folder(part)));
        match found {
            Err(FolderError::Missing { .. }) => Ok(()),
            at => {
                let at = at?;
                at.remove_all(OsStr::new(name))?;
                at.sync()
            }
        }
    }
}

/// What an entry adds up to.
#[derive(Default)]
struct Gathered {
    n_files: u64,
    n_bytes: u64,
    changed_unix: i64,
}

impl Gathered {
    /// Of a folder with all that is in it.
    fn all_of(parent: &Confined, name: &FileName) -> Result<Self, FolderError> {
        let mut gathered = Self::default();
        // Also of the folder itself: an empty one has an age too.
        if let Some((_, changed)) = parent.size_and_time(name)? {
            gathered.changed_unix = changed;
        }
        gathered.folder(&parent.folder(name.as_str())?)?;
        Ok(gathered)
    }

    fn folder(&mut self, folder: &Confined) -> Result<(), FolderError> {
        for name in folder.names(FileType::RegularFile)? {
            self.file(folder, &name)?;
        }
        for name in folder.names(FileType::Directory)? {
            self.folder(&folder.folder(name.as_str())?)?;
        }
        Ok(())
    }

    fn file(&mut self, folder: &Confined, name: &FileName) -> Result<(), FolderError> {
        if let Some((n_bytes, changed)) = folder.size_and_time(name)? {
            self.n_files += 1;
            self.n_bytes += n_bytes;
            self.changed_unix = self.changed_unix.max(changed);
        }
        Ok(())
    }

    fn named(self, path: &str, is_folder: bool) -> Result<OwnEntry, FolderError> {
        let Ok(parsed) = path.parse() else { return Err(FolderError::Outside { path: path.to_owned() }) };
        let changed_at = Moment::from_unix(self.changed_unix);
        let Self { n_files, n_bytes, .. } = self;
        Ok(OwnEntry { path: parsed, is_folder, n_files, n_bytes, changed_at })
    }
}
