//! The stage: one folder per publication under way, on the root's volume, seen by nobody.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::num::NonZeroU64;

use renkei_core::FileName;
use renkei_core::port::{FolderError, StagedFile};
use rustix::fs::{Advice, AtFlags, FileType, Mode, fadvise};
use rustix::io::Errno;

use crate::confined::{Confined, OWN_FOLDER};
use crate::errors::{fault, unwrap, wrap};
use crate::root::LocalFolders;

/// Bytes gathered before the system is called; larger writes go straight through, uncopied.
const BUFFER_BYTES: usize = 1 << 20;
/// Bytes after which the system is told to begin writing them to disk: so they are on their way while more
/// are made, and the sync at the end has little left to wait for.
const WRITE_BEHIND_BYTES: u64 = 8 << 20;

impl LocalFolders {
    /// Opens a stage that was begun.
    pub(crate) fn stage(&self, stage: &FileName) -> Result<Confined, FolderError> {
        self.stages_folder()?.folder(stage.as_str())
    }

    pub(crate) fn make_stage(&self, stage: &FileName) -> Result<(), FolderError> {
        let stages = self.stages_folder()?;
        stages.remove_all(OsStr::new(stage.as_str()))?;
        stages.folder_or_make(stage.as_str(), OWN_FOLDER)?;
        stages.sync()
    }

    pub(crate) fn remove_stage(&self, stage: &FileName) -> Result<(), FolderError> {
        self.stages_folder()?.remove_all(OsStr::new(stage.as_str()))
    }

    pub(crate) fn stage_names(&self) -> Result<Vec<FileName>, FolderError> {
        self.stages_folder()?.names(FileType::Directory)
    }

    /// Makes a new file on a stage. One of the same name is unlinked, never cut to nothing: it may be a
    /// published file whose second name could not be removed before the process died.
    pub(crate) fn create_staged(&self, stage: &FileName, name: &FileName) -> Result<LocalFile, FolderError> {
        let stage = self.stage(stage)?;
        let path = stage.path_of(name.as_str());
        let file = match stage.new_file(name) {
            Err(Errno::EXIST) => {
                rustix::fs::unlinkat(stage.fd(), name.as_str(), AtFlags::empty())
                    .map_err(|errno| fault(&path, "removed", errno))?;
                stage.new_file(name)
            }
            answer => answer,
        };
        let file = file.map_err(|errno| fault(&path, "created", errno))?;
        Ok(LocalFile { writer: BufWriter::with_capacity(BUFFER_BYTES, Sink::new(file, path)), stage })
    }
}

impl LocalFolders {
    /// Writes a report on a stage of its own and moves it to the archive, over one of the same name. It is for those
    /// who run the program alone: 0600.
    pub(crate) fn keep_text(&self, name: &FileName, content: &mut dyn Read) -> Result<String, FolderError> {
        let archive = self.archive_folder()?;
        let path = archive.path_of(name.as_str());
        self.make_stage(name)?;
        let mut file = self.create_staged(name, name)?;
        let mode = Mode::RUSR | Mode::WUSR;
        let stage = self.stage(name)?;
        rustix::fs::chmodat(stage.fd(), name.as_str(), mode, AtFlags::empty())
            .map_err(|errno| fault(&path, "made private", errno))?;
        io::copy(content, &mut file).map_err(|error| unwrap(&path, "written", error))?;
        Box::new(file).finish()?;
        rustix::fs::renameat(stage.fd(), name.as_str(), archive.fd(), name.as_str())
            .map_err(|errno| fault(&path, "moved", errno))?;
        archive.sync()?;
        self.remove_stage(name)?;
        Ok(path)
    }
}

/// A file on the stage. An error of its `Write` holds the [`FolderError`]: `io::Error::downcast` gives it.
#[derive(Debug)]
pub(crate) struct LocalFile {
    writer: BufWriter<Sink>,
    stage: Confined,
}

impl Write for LocalFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl StagedFile for LocalFile {
    /// Syncs the file and then its name: a sealed publication relies on both being there after a power cut.
    fn finish(self: Box<Self>) -> Result<(), FolderError> {
        let Self { mut writer, stage } = *self;
        let flushed = writer.flush();
        // What could not be flushed is dropped, not tried once more by the buffer's own drop.
        let (Sink { file, path, .. }, _) = writer.into_parts();
        flushed.map_err(|error| unwrap(&path, "written", error))?;
        file.sync_data().map_err(|error| fault(&path, "written", error))?;
        stage.sync()
    }
}

/// The file below the buffer; it gives errors their path.
#[derive(Debug)]
struct Sink {
    file: File,
    path: String,
    n_written: u64,
    /// How many of them the system was told to write to disk.
    n_behind: u64,
}

impl Sink {
    fn new(file: File, path: String) -> Self {
        Self { file, path, n_written: 0, n_behind: 0 }
    }

    /// On Linux this advice begins to write what is not on disk yet and forgets only what is. Without it all
    /// would still be right, only later, so its failure is none.
    fn write_behind(&mut self) {
        let n_waiting = self.n_written - self.n_behind;
        if n_waiting >= WRITE_BEHIND_BYTES {
            let _ = fadvise(&self.file, self.n_behind, NonZeroU64::new(n_waiting), Advice::DontNeed);
            self.n_behind = self.n_written;
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n_bytes = self.file.write(bytes).map_err(|error| wrap(&self.path, "written", error))?;
        self.n_written += n_bytes as u64;
        self.write_behind();
        Ok(n_bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
