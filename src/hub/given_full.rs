//! A full that stands somewhere on this machine: by its notice, or a data file alone.

use std::io::Read;
use std::path::Path;

use renkei_core::Digest;
use renkei_core::hash::Hasher;
use renkei_core::layout::{FileFormat, Layout};
use renkei_core::naming::NOTICE_ENDING;
use renkei_core::notice::{MAX_BYTES, Notice};
use renkei_engine::compare::{OpenFile, Side, SideFile};
use renkei_engine::{Clock as _, EngineError};
use renkei_folder::PlainFolder;

use crate::Failure;
use crate::clock::HubClock;
use crate::conform::KnownLayouts;

/// As much of a file as shows its header row.
const HEADER_BYTES: u64 = 64 * 1024;

/// Read at a time.
const PIECE_BYTES: usize = 256 << 10;

/// How a file is called in messages: by its last name only, because folders may tell more than they should.
fn label(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// One, opened.
pub(crate) struct GivenFull {
    folder: PlainFolder,
    names: Vec<renkei_core::FileName>,
    n_bytes: u64,
    format: Option<FileFormat>,
    /// The layout that a notice names.
    pub(crate) layout: Option<String>,
}

pub(crate) fn header_failure(path: &Path, problem: &str) -> Failure {
    EngineError::Header { file: label(path), problem: problem.to_owned() }.into()
}

impl GivenFull {
    /// Opens it.
    pub(crate) fn open(path: &Path, layouts: &KnownLayouts) -> Result<Self, Failure> {
        let input = |source| EngineError::Input { file: label(path), source };
        let folder = PlainFolder::open(path.parent().unwrap_or(Path::new("")))?;
        let name: renkei_core::FileName = label(path).parse().map_err(EngineError::Name)?;
        if !name.as_str().ends_with(NOTICE_ENDING) {
            let n_bytes = std::fs::metadata(path).map_err(input)?.len();
            return Ok(Self { folder, names: vec![name], n_bytes, format: None, layout: None });
        }
        let mut bytes = Vec::new();
        let most = MAX_BYTES as u64 + 1;
        folder.read(&name)?.take(most).read_to_end(&mut bytes).map_err(input)?;
        let notice = Notice::parse(&bytes)?;
        if notice.kind == renkei_core::publication::Kind::Diff {
            return Err(header_failure(path, "is a diff; two fulls are compared"));
        }
        let layout = layouts.all().find(|(_, layout)| {
            (&layout.interface, &layout.branch, layout.version)
                == (&notice.interface, &notice.branch, notice.version)
        });
        let Some((id, _)) = layout else {
            return Err(header_failure(path, "is of a version that is not known"));
        };
        Ok(Self {
            names: notice.files.iter().map(|file| file.name.clone()).collect(),
            n_bytes: notice.files.iter().map(|file| file.n_bytes).sum(),
            format: notice.file_format.read(),
            layout: Some(id.to_owned()),
            folder,
        })
    }

    /// Opens one of its data files.
    pub(crate) fn read(&self, file: usize) -> Result<Box<dyn SideFile>, EngineError> {
        match self.names.get(file) {
            Some(name) => Ok(Box::new(self.folder.file(name)?)),
            None => Ok(Box::new(std::io::empty())),
        }
    }

    /// The SHA-256 of its data, one file after the other.
    pub(crate) fn sha256(&self, path: &Path) -> Result<Digest, EngineError> {
        let mut hasher = Hasher::new();
        let mut piece = vec![0; PIECE_BYTES];
        for file in 0..self.names.len() {
            let mut data = self.read(file)?;
            loop {
                let n_read = data.read(&mut piece);
                let n_read = n_read.map_err(|source| EngineError::Input { file: label(path), source })?;
                if n_read == 0 {
                    break;
                }
                hasher.update(piece.get(..n_read).unwrap_or_default());
            }
        }
        Ok(hasher.finish())
    }

    /// As a side of a comparison.
    pub(crate) fn side<'s>(&self, open: &'s OpenFile<'s>, layout: &Layout) -> Side<'s> {
        let format = self.format.unwrap_or(layout.file);
        Side { n_files: self.names.len(), n_bytes: self.n_bytes, format, open }
    }

    /// The layout that its header row shows.
    pub(crate) fn layout_of_header<'l>(
        &self,
        path: &Path,
        layouts: &'l KnownLayouts,
    ) -> Result<&'l Layout, Failure> {
        let mut start = Vec::new();
        let source = |source| EngineError::Input { file: label(path), source };
        self.read(0)?.take(HEADER_BYTES).read_to_end(&mut start).map_err(source)?;
        let found = layouts.of_header(&start, HubClock::system().now().date());
        found.ok_or_else(|| header_failure(path, "no layout has its header row; name one with --layout"))
    }
}
