//! Writing the data files of a publication: header, encoding, digest, and the cut into parts.

use renkei_core::feed::Feed;
use renkei_core::hash::Hasher;
use renkei_core::naming::{data_name, degraded_name};
use renkei_core::notice::{DataFile, ReportFile};
use renkei_core::port::{FolderError, Folders, StagedFile};
use renkei_core::text::{CharacterSet, Encoding};
use renkei_core::{Digest, FileName};

use super::lines::{Batch, DegradedLine};
use crate::error::EngineError;

/// What stands on the stage.
pub(super) struct Written {
    /// The data files, in order; at least one.
    pub(super) files: Vec<DataFile>,
    /// The report on degraded characters, if any were.
    pub(super) report: Option<ReportFile>,
}

/// Writes data files on a stage.
pub(super) struct PartWriter<'w> {
    feed: &'w Feed,
    folders: &'w dyn Folders,
    stage: &'w FileName,
    stem: &'w FileName,
    characters: CharacterSet,
    /// What every file begins with: byte order mark and header row, encoded.
    head: Vec<u8>,
    encoded: Vec<u8>,
    part: Option<OpenFile>,
    done: Vec<DataFile>,
    report: Option<OpenFile>,
}

/// A staged file being written and hashed.
struct OpenFile {
    name: FileName,
    file: Box<dyn StagedFile>,
    hash: Hasher,
    n_bytes: u64,
    n_rows: u64,
}

impl OpenFile {
    fn create(folders: &dyn Folders, stage: &FileName, name: FileName) -> Result<Self, FolderError> {
        let file = folders.create(stage, &name)?;
        Ok(Self { name, file, hash: Hasher::new(), n_bytes: 0, n_rows: 0 })
    }

    fn write(&mut self, bytes: &[u8], n_rows: u64) -> Result<(), EngineError> {
        self.hash.update(bytes);
        self.n_bytes += bytes.len() as u64;
        self.n_rows += n_rows;
        Ok(self.file.write_all(bytes).map_err(|error| FolderError::of_write(self.name.as_str(), error))?)
    }

    fn finish(self) -> Result<(FileName, u64, u64, Digest), EngineError> {
        let Self { name, file, hash, n_bytes, n_rows } = self;
        file.finish()?;
        Ok((name, n_rows, n_bytes, hash.finish()))
    }
}

impl<'w> PartWriter<'w> {
    /// A writer of a feed's files named after `stem`.
    pub(super) fn new(
        feed: &'w Feed,
        folders: &'w dyn Folders,
        stage: &'w FileName,
        stem: &'w FileName,
    ) -> Result<Self, EngineError> {
        let characters = feed.characters();
        let head = head(feed, &characters)?;
        Ok(Self {
            feed,
            folders,
            stage,
            stem,
            characters,
            head,
            encoded: Vec::new(),
            part: None,
            done: Vec::new(),
            report: None,
        })
    }

    /// Writes a batch of lines.
    pub(super) fn write(&mut self, batch: &Batch) -> Result<(), EngineError> {
        if self.feed.parts.are_set() {
            for line in batch.lines() {
                self.write_chunk(line, 1)?;
            }
        } else {
            self.write_chunk(&batch.text, batch.lines.len() as u64)?;
        }
        batch.degraded.iter().try_for_each(|line| self.write_degraded(line))
    }

    fn write_chunk(&mut self, text: &[u8], n_rows: u64) -> Result<(), EngineError> {
        let mut encoded = std::mem::take(&mut self.encoded);
        encoded.clear();
        let bytes = if self.characters.encoding() == Encoding::Cp932 {
            let text = std::str::from_utf8(text).map_err(|_| EngineError::Worker)?;
            self.characters.encode_into(text, &mut encoded).map_err(|_| EngineError::Worker)?;
            encoded.as_slice()
        } else {
            text
        };
        let limits = self.feed.parts;
        let is_full = self.part.as_ref().is_some_and(|part| {
            part.n_rows > 0
                && (limits.max_rows.is_some_and(|max| part.n_rows >= max)
                    || limits.max_bytes.is_some_and(|max| part.n_bytes + bytes.len() as u64 > max))
        });
        if is_full {
            self.close_part()?;
        }
        self.open_part()?.write(bytes, n_rows)?;
        self.encoded = encoded;
        Ok(())
    }

    fn open_part(&mut self) -> Result<&mut OpenFile, EngineError> {
        if self.part.is_none() {
            let number = u32::try_from(self.done.len() + 1).unwrap_or(u32::MAX);
            let name = data_name(self.stem, self.feed.parts.are_set().then_some(number))?;
            let mut part = OpenFile::create(self.folders, self.stage, name)?;
            part.write(&self.head, 0)?;
            self.part = Some(part);
        }
        self.part.as_mut().ok_or(EngineError::Worker)
    }

    fn close_part(&mut self) -> Result<(), EngineError> {
        if let Some(part) = self.part.take() {
            let (name, n_rows, n_bytes, sha256) = part.finish()?;
            self.done.push(DataFile { name, n_rows, n_bytes, sha256, is_last: false });
        }
        Ok(())
    }

    fn write_degraded(&mut self, line: &DegradedLine) -> Result<(), EngineError> {
        let mut bytes = Vec::new();
        if self.report.is_none() {
            let name = degraded_name(self.stem)?;
            self.report = Some(OpenFile::create(self.folders, self.stage, name)?);
            // With a byte order mark, because people open it in a spreadsheet.
            bytes.extend_from_slice("\u{feff}\"row_key\",\"column\",\"registry\",\"file\"\r\n".as_bytes());
        }
        let fields = [&line.key, &line.column, &line.from, &line.to].map(String::as_bytes);
        renkei_core::csv_file::write_record(
            &mut bytes,
            fields,
            renkei_core::csv_file::Quote::Always,
            renkei_core::csv_file::Newline::CrLf,
        )
        .map_err(|_| EngineError::Worker)?;
        self.report.as_mut().ok_or(EngineError::Worker)?.write(&bytes, 1)
    }

    /// Completes the files. With no line at all there is still one, with its header: an empty diff is
    /// published too.
    pub(super) fn finish(mut self) -> Result<Written, EngineError> {
        self.open_part()?;
        self.close_part()?;
        if let Some(last) = self.done.last_mut() {
            last.is_last = true;
        }
        let report = self.report.take().map(OpenFile::finish).transpose()?;
        let report = report.map(|(name, n_rows, n_bytes, sha256)| ReportFile {
            name,
            kind: "degraded".to_owned(),
            n_rows,
            n_bytes,
            sha256,
        });
        Ok(Written { files: self.done, report })
    }
}

/// Byte order mark and header row.
fn head(feed: &Feed, characters: &CharacterSet) -> Result<Vec<u8>, EngineError> {
    let mut head = Vec::new();
    if characters.encoding() == Encoding::Utf8Bom {
        head.extend_from_slice("\u{feff}".as_bytes());
    }
    let Some(headers) = feed.layout.headers(feed.file.header) else { return Ok(head) };
    let wrong = |problem: String| EngineError::Header { file: format!("feed {}", feed.id), problem };
    let mut line = Vec::new();
    let names = headers.map(str::as_bytes);
    renkei_core::csv_file::write_record(&mut line, names, feed.file.quote, feed.file.newline)
        .map_err(|error| wrong(error.to_string()))?;
    let text = std::str::from_utf8(&line).map_err(|_| EngineError::Worker)?;
    let row = text.trim_end_matches(['\r', '\n']);
    characters.encode_into(row, &mut head).map_err(|error| wrong(format!("header row: {error}")))?;
    head.extend_from_slice(feed.file.newline.as_bytes());
    Ok(head)
}
