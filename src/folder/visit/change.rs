//! Renaming, removing, making folders, setting times.

use std::os::fd::AsFd as _;

use rustix::fs::AtFlags;

use super::sweep::MAX_DEPTH;
use super::upload::{any_at, rename_to_free, timestamps};
use super::{Look, SeenKind, VisitError, VisitPath, VisitedRoot, sync_names};
use crate::confined::PUBLISHED_FOLDER;

/// What a rename does where the new name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renaming {
    /// It is refused.
    KeepsTaken,
    /// A file of the name is replaced.
    Replaces,
}

impl VisitedRoot {
    /// Renames a file or folder by one step. Says whether a file was replaced.
    pub fn rename(&self, from: &VisitPath, to: &VisitPath, renaming: Renaming) -> Result<bool, VisitError> {
        self.look(from)?;
        let (source, name) = self.place(from)?;
        let (target, new_name) = self.new_place(to)?;
        let has_replaced = match renaming {
            Renaming::KeepsTaken => {
                rename_to_free(source.as_fd(), name, target.as_fd(), new_name)?;
                false
            }
            Renaming::Replaces => {
                // What visitors do not see, such as a link, is nobody's to replace.
                let taken = any_at(target.as_fd(), new_name)?;
                if taken.is_some_and(|look| look.kind == SeenKind::Folder) {
                    return Err(VisitError::Taken);
                }
                rustix::fs::renameat(&source, name, &target, new_name)?;
                taken.is_some()
            }
        };
        sync_names(target.as_fd())?;
        if source_differs(from, to) {
            sync_names(source.as_fd())?;
        }
        Ok(has_replaced)
    }

    /// Removes a plain file.
    pub fn remove(&self, path: &VisitPath) -> Result<(), VisitError> {
        match self.look(path)?.kind {
            SeenKind::Folder => Err(VisitError::IsFolder),
            SeenKind::File => {
                let (folder, name) = self.place(path)?;
                rustix::fs::unlinkat(&folder, name, AtFlags::empty())?;
                Ok(sync_names(folder.as_fd())?)
            }
        }
    }

    /// Makes a folder, mode 0750 less the umask.
    pub fn make_folder(&self, path: &VisitPath) -> Result<(), VisitError> {
        let (folder, name) = self.new_place(path).map_err(|error| match error {
            VisitError::IsFolder => VisitError::Taken,
            error => error,
        })?;
        // Into a deeper one nothing could be brought.
        if path.parts().len() > MAX_DEPTH {
            return Err(VisitError::BadName);
        }
        rustix::fs::mkdirat(&folder, name, PUBLISHED_FOLDER)?;
        Ok(sync_names(folder.as_fd())?)
    }

    /// Removes an empty folder.
    pub fn remove_folder(&self, path: &VisitPath) -> Result<(), VisitError> {
        match self.look(path)?.kind {
            SeenKind::File => Err(VisitError::NotFolder),
            SeenKind::Folder => {
                let (folder, name) = self.place(path)?;
                rustix::fs::unlinkat(&folder, name, AtFlags::REMOVEDIR)?;
                Ok(sync_names(folder.as_fd())?)
            }
        }
    }

    /// Sets a file's times, in unix seconds.
    pub fn set_times(&self, path: &VisitPath, accessed: i64, changed: i64) -> Result<Look, VisitError> {
        let look = self.look(path)?;
        let (folder, name) = self.place(path)?;
        let times = timestamps(accessed, changed);
        rustix::fs::utimensat(&folder, name, &times, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(look)
    }
}

fn source_differs(from: &VisitPath, to: &VisitPath) -> bool {
    from.split().map(|(folder, _)| folder) != to.split().map(|(folder, _)| folder)
}
