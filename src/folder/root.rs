//! The root of the connection folders, and the folder port on it.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use renkei_core::port::{Content, FolderError, Folders, OwnEntry, OwnFolder, Shelf, StagedFile, Standing};
use renkei_core::{FileName, FolderPath};
use rustix::fs::{CWD, Mode, OFlags};

use crate::confined::{Confined, OWN_FOLDER, PUBLISHED_FOLDER};
use crate::errors::fault;
use crate::publish::compare;

/// Where files are written before they are published.
pub(crate) const STAGE: &str = ".stage";
/// Where reports for the operator are kept.
pub(crate) const ARCHIVE: &str = ".archive";
/// Where waits what has no business in a folder, each with its reason.
pub(crate) const QUARANTINE: &str = ".quarantine";
/// The hub's own folders at the root (`design.md`, On disk).
const OWN_FOLDERS: [&str; 3] = [STAGE, QUARANTINE, ARCHIVE];

/// Connection folders on a local or mounted volume.
///
/// The root is held open, so renaming it or a folder above it does not lead a running hub elsewhere. The
/// way to the root may hold links (they are the operator's); below it none is followed. Made folders get
/// mode 0750, files 0640, both less the umask and both only at creation, so that ACLs inherited
/// from a folder keep their effect.
#[derive(Debug)]
pub struct LocalFolders {
    root: Confined,
    /// Folders whose whole way down from the root this process has made durable.
    durable: Mutex<BTreeSet<FolderPath>>,
    /// Where reports on rows that differ are.
    differences: Option<PathBuf>,
}

impl LocalFolders {
    /// Opens a root that exists and makes the hub's own folders in it (mode 0700) where they are missing.
    ///
    /// [`FolderError::Missing`] if there is no root, [`FolderError::Outside`] if it, or one of the hub's
    /// own folders, is no plain folder.
    pub fn open(root: &Path) -> Result<Self, FolderError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(CWD, root, flags, Mode::empty())
            .map_err(|errno| fault(&root.display().to_string(), "read", errno))?;
        let root = Confined::root(fd);
        let mut n_made = 0;
        for name in OWN_FOLDERS {
            n_made += usize::from(root.folder_or_make(name, OWN_FOLDER)?.1);
        }
        if n_made > 0 {
            root.sync()?;
        }
        Ok(Self { root, durable: Mutex::default(), differences: None })
    }

    /// The same, with the folder of reports on rows that differ, which need not be there yet.
    #[must_use]
    pub fn with_differences(self, folder: PathBuf) -> Self {
        Self { differences: Some(folder), ..self }
    }

    /// The folder of reports on rows that differ.
    pub(crate) fn differences(&self) -> Result<Confined, FolderError> {
        let Some(folder) = &self.differences else {
            return Err(FolderError::Missing { path: "reports".to_owned() });
        };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(CWD, folder, flags, Mode::empty())
            .map_err(|errno| fault(&folder.display().to_string(), "read", errno))?;
        Ok(Confined::root(fd))
    }

    /// The root itself.
    pub(crate) fn root(&self) -> &Confined {
        &self.root
    }

    /// The folder of all stages, made again if somebody removed it.
    pub(crate) fn stages_folder(&self) -> Result<Confined, FolderError> {
        Ok(self.root.folder_or_make(STAGE, OWN_FOLDER)?.0)
    }

    /// The folder of what is kept for the operator, made again if somebody removed it.
    pub(crate) fn archive_folder(&self) -> Result<Confined, FolderError> {
        Ok(self.root.folder_or_make(ARCHIVE, OWN_FOLDER)?.0)
    }

    /// A folder of the hub's own as it is found.
    pub(crate) fn own_folder(&self, name: &str) -> Result<Confined, FolderError> {
        self.root.folder(name)
    }

    /// The folder of what was refused, made again if somebody removed it.
    pub(crate) fn quarantine_folder(&self) -> Result<Confined, FolderError> {
        Ok(self.root.folder_or_make(QUARANTINE, OWN_FOLDER)?.0)
    }

    /// The archive as it is found.
    pub(crate) fn archive_found(&self) -> Result<Confined, FolderError> {
        self.root.folder(ARCHIVE)
    }

    /// Opens a published folder.
    pub(crate) fn folder(&self, path: &FolderPath) -> Result<Confined, FolderError> {
        self.root.below(path)
    }

    /// Opens a published folder, making what is missing on the way and making the way durable.
    ///
    /// A folder found there may be the work of a process that was killed before it could sync, so the
    /// first use in this process syncs the way too.
    pub(crate) fn folder_or_make(&self, path: &FolderPath) -> Result<Confined, FolderError> {
        let is_durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner).contains(path);
        let mut at: Option<Confined> = None;
        for part in path.parts() {
            let parent = at.as_ref().unwrap_or(&self.root);
            let (next, is_made) = parent.folder_or_make(part, PUBLISHED_FOLDER)?;
            if is_made || !is_durable {
                parent.sync()?;
            }
            at = Some(next);
        }
        if !is_durable {
            self.durable.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone());
        }
        at.ok_or_else(|| FolderError::Missing { path: path.to_string() })
    }
}

impl Folders for LocalFolders {
    fn begin_stage(&self, stage: &FileName) -> Result<(), FolderError> {
        self.make_stage(stage)
    }

    fn create(&self, stage: &FileName, name: &FileName) -> Result<Box<dyn StagedFile>, FolderError> {
        Ok(Box::new(self.create_staged(stage, name)?))
    }

    fn read_staged(&self, stage: &FileName, name: &FileName) -> Result<Box<dyn Read + Send>, FolderError> {
        Ok(Box::new(self.stage(stage)?.file(name)?))
    }

    fn publish(
        &self,
        stage: &FileName,
        name: &FileName,
        folder: &FolderPath,
        content: &Content,
    ) -> Result<(), FolderError> {
        self.publish_staged(stage, name, folder, content)
    }

    fn discard_stage(&self, stage: &FileName) -> Result<(), FolderError> {
        self.remove_stage(stage)
    }

    fn keep_report(&self, name: &FileName, content: &mut dyn Read) -> Result<String, FolderError> {
        self.keep_text(name, content)
    }

    fn stages(&self) -> Result<Vec<FileName>, FolderError> {
        self.stage_names()
    }

    fn read(&self, folder: &FolderPath, name: &FileName) -> Result<Box<dyn Read + Send>, FolderError> {
        Ok(Box::new(self.folder(folder)?.file(name)?))
    }

    fn list(&self, folder: &FolderPath) -> Result<Vec<FileName>, FolderError> {
        self.published_names(folder)
    }

    fn remove_published(&self, folder: &FolderPath, names: &[FileName]) -> Result<(), FolderError> {
        self.unpublish(folder, names)
    }

    fn own_entries(&self, own: OwnFolder) -> Result<Vec<OwnEntry>, FolderError> {
        self.entries_of(own)
    }

    fn files_of_systems(&self, below: &FolderPath) -> Result<Vec<OwnEntry>, FolderError> {
        self.entries_of_systems(below)
    }

    fn remove_own(&self, own: OwnFolder, path: &FolderPath) -> Result<(), FolderError> {
        self.remove_entry(own, path)
    }

    fn standing(
        &self,
        folder: &FolderPath,
        name: &FileName,
        content: &Content,
    ) -> Result<Standing, FolderError> {
        match self.folder(folder) {
            Err(FolderError::Missing { .. }) => Ok(Standing::Missing),
            folder => compare(&folder?, name, content),
        }
    }

    fn keep(
        &self,
        folder: &FolderPath,
        name: &FileName,
        place: &Shelf<'_>,
        content: &Content,
    ) -> Result<(), FolderError> {
        self.keep_published(folder, name, place, content)
    }

    fn kept(&self, place: &Shelf<'_>, name: &FileName, content: &Content) -> Result<Standing, FolderError> {
        match self.shelf(place) {
            Err(FolderError::Missing { .. }) => Ok(Standing::Missing),
            place => compare(&place?, name, content),
        }
    }

    fn read_kept(&self, place: &Shelf<'_>, name: &FileName) -> Result<Box<dyn Read + Send>, FolderError> {
        Ok(Box::new(self.shelf(place)?.file(name)?))
    }

    fn replace(&self, stage: &FileName, name: &FileName, folder: &FolderPath) -> Result<(), FolderError> {
        self.replace_published(stage, name, folder)
    }

    fn quarantine(
        &self,
        folder: &FolderPath,
        name: &FileName,
        place: &FileName,
        reason: &str,
    ) -> Result<String, FolderError> {
        self.set_aside(folder, name, place, reason)
    }
}
