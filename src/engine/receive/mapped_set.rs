//! The files of a set in another form than the layout's, turned over by a mapping.
//!
//! What was turned over stands on a stage of its own, in the taker's own folders, for as long as the set is being taken
//! in. From there it is read like a file that came so, by whoever takes the rows over as well.

use std::collections::HashMap;
use std::io::{self, BufReader, BufWriter, Read, Write as _};

use chrono::NaiveDate;
use renkei_core::hash::Hasher;
use renkei_core::mapping::Mapping;
use renkei_core::notice::DataFile;
use renkei_core::port::{FolderError, Folders, SeenFile, Share, StagedFile};
use renkei_core::{Digest, FileName, FolderPath};

use crate::error::EngineError;
use crate::house::Witness;
use crate::intake::InputIssue;
use crate::mapped::map_file;
use crate::source_rows::SourceRows;

/// The files turned over so far; dropped, they are gone.
pub(super) struct MappedSet<'m> {
    mapping: &'m Mapping,
    folders: &'m dyn Folders,
    share: &'m dyn Share,
    witness: &'m dyn Witness,
    stage: FileName,
    rows: HashMap<FileName, SourceRows>,
}

/// A file as it was handed in.
pub(super) struct SourceFile {
    pub(super) sha256: Digest,
    pub(super) n_bytes: u64,
    pub(super) n_rows: u64,
}

const BUFFER_BYTES: usize = 1 << 16;

impl<'m> MappedSet<'m> {
    pub(super) fn begin(
        mapping: &'m Mapping,
        folders: &'m dyn Folders,
        share: &'m dyn Share,
        witness: &'m dyn Witness,
        stage: FileName,
    ) -> Result<Self, EngineError> {
        folders.begin_stage(&stage)?;
        Ok(Self { mapping, folders, share, witness, stage, rows: HashMap::new() })
    }

    /// Turns a file over. Every issue is told by the line of the file as it was handed in; lines with errors are
    /// left out.
    pub(super) fn turn_over(
        &mut self,
        folder: &FolderPath,
        named: &DataFile,
        day: NaiveDate,
        tell: &mut dyn FnMut(&InputIssue),
    ) -> Result<SourceFile, EngineError> {
        let name = &named.name;
        let failed = |source| EngineError::Input { file: name.to_string(), source };
        // One byte more than the notice says tells that it grew, and no more is read.
        let source = self.share.open(folder, name)?.take(named.n_bytes.saturating_add(1));
        let mut source = Hashing { source, hash: Hasher::new(), n_bytes: 0, witness: self.witness };
        let mut staged = Staged(self.folders.create(&self.stage, name)?);
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, &mut staged);
        let mapped =
            map_file(self.mapping, BufReader::with_capacity(BUFFER_BYTES, &mut source), day, &mut out, tell);
        let mapped = mapped.and_then(|mapped| {
            out.flush().map_err(|error| FolderError::of_write(name.as_str(), error))?;
            Ok(mapped)
        });
        drop(out);
        // A file whose header does not fit is read no further, and has its length and digest all the same.
        let rest = io::copy(&mut source, &mut io::sink());
        if self.witness.wants_stop() {
            return Err(EngineError::Stopped);
        }
        let mapped = mapped?;
        rest.map_err(failed)?;
        staged.0.finish()?;
        self.rows.insert(name.clone(), mapped.rows);
        Ok(SourceFile { sha256: source.hash.finish(), n_bytes: source.n_bytes, n_rows: mapped.n_source_rows })
    }

    /// The line of a file as it was handed in that a line of what became of it comes from.
    pub(super) fn source_row(&self, name: &FileName, row: u64) -> u64 {
        self.rows.get(name).map_or(row, |rows| rows.of(row))
    }
}

impl Share for MappedSet<'_> {
    fn look(&self, folder: &FolderPath) -> Result<Vec<SeenFile>, FolderError> {
        self.share.look(folder)
    }

    /// What became of a file that was turned over; any other as it is.
    fn open(&self, folder: &FolderPath, name: &FileName) -> Result<Box<dyn Read + Send>, FolderError> {
        if self.rows.contains_key(name) {
            return self.folders.read_staged(&self.stage, name);
        }
        self.share.open(folder, name)
    }
}

impl Drop for MappedSet<'_> {
    fn drop(&mut self) {
        // What could not be removed is swept when the set is begun again.
        let _ = self.folders.discard_stage(&self.stage);
    }
}

/// The staged file as a writer that can be lent.
struct Staged(Box<dyn StagedFile>);

impl io::Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A source that is hashed on its way, and ends when the work is to.
struct Hashing<'h> {
    source: io::Take<Box<dyn Read + Send>>,
    hash: Hasher,
    n_bytes: u64,
    witness: &'h dyn Witness,
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.witness.wants_stop() {
            return Ok(0);
        }
        let n_read = self.source.read(buffer)?;
        self.hash.update(buffer.get(..n_read).unwrap_or_default());
        self.n_bytes += n_read as u64;
        Ok(n_read)
    }
}
