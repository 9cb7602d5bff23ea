//! A set that was proven whole and right, as it is given to whoever takes its rows over: the bytes that were judged,
//! and no others. Its folder is others' to write in, also between the judging and the second reading.

use std::io::{self, Read};
use std::sync::OnceLock;

use renkei_core::hash::Hasher;
use renkei_core::layout::{FileFormat, Layout};
use renkei_core::notice::MAX_BYTES;
use renkei_core::port::Share;
use renkei_core::receive::FoundSet;
use renkei_core::{Digest, FileName, FolderPath};

use crate::error::EngineError;

/// A set that was proven whole and right, on its way to where its rows go.
pub struct VerifiedSet<'v> {
    /// Its folder.
    pub folder: &'v FolderPath,
    /// The set.
    pub found: &'v FoundSet,
    /// Its layout.
    pub layout: &'v Layout,
    /// How its files are written.
    pub format: FileFormat,
    /// Where its files are read; turned over, where they came in another form.
    pub(super) share: &'v dyn Share,
    /// True where the files read here are the taker's own, turned over from those that came.
    pub(super) is_turned_over: bool,
    /// The line of a file as it was handed in that a line of a file read here comes from.
    pub source_row: &'v dyn Fn(&FileName, u64) -> u64,
    /// True when rows with errors are to be left out.
    pub parks_rows: bool,
    /// The first file that was not any more what was judged.
    pub(super) changed: OnceLock<FileName>,
}

/// What a file must be when it is read again.
struct Judged {
    most_bytes: u64,
    sha256: Digest,
}

impl VerifiedSet<'_> {
    /// Opens one of its files. Reading ends in an error where it is not what was judged, and never goes on beyond
    /// its length; what is done with the bytes must stand only when the end was reached.
    pub fn open(&self, name: &FileName) -> Result<Box<dyn Read + Send + '_>, EngineError> {
        let source = self.share.open(self.folder, name)?;
        match self.judged(name) {
            Some(judged) if !self.is_turned_over => {
                let source = source.take(judged.most_bytes.saturating_add(1));
                let hash = Hasher::new();
                Ok(Box::new(Proving {
                    source,
                    hash,
                    n_bytes: 0,
                    judged,
                    name: name.clone(),
                    changed: &self.changed,
                }))
            }
            _ => Ok(source),
        }
    }

    /// The first file that was found changed while it was read, if one was.
    pub(super) fn changed(&self) -> Option<&FileName> {
        self.changed.get()
    }

    fn judged(&self, name: &FileName) -> Option<Judged> {
        let FoundSet { notice, notice_name, notice_sha256, .. } = self.found;
        let files = notice.files.iter().map(|file| (&file.name, file.n_bytes, file.sha256));
        let reports = notice.reports.iter().map(|report| (&report.name, report.n_bytes, report.sha256));
        let most_of_notice = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
        let mut all = files.chain(reports).chain([(notice_name, most_of_notice, *notice_sha256)]);
        let (_, most_bytes, sha256) = all.find(|(named, ..)| *named == name)?;
        Some(Judged { most_bytes, sha256 })
    }
}

/// A file being read again.
struct Proving<'p, R> {
    source: io::Take<R>,
    hash: Hasher,
    n_bytes: u64,
    judged: Judged,
    name: FileName,
    changed: &'p OnceLock<FileName>,
}

impl<R: Read> Read for Proving<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = self.source.read(buffer)?;
        self.hash.update(buffer.get(..n_read).unwrap_or_default());
        self.n_bytes += n_read as u64;
        let is_end = n_read == 0 && !buffer.is_empty();
        if self.n_bytes > self.judged.most_bytes
            || (is_end && self.hash.clone().finish() != self.judged.sha256)
        {
            // Only the first is told.
            let _ = self.changed.set(self.name.clone());
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not what was judged any more"));
        }
        Ok(n_read)
    }
}

#[cfg(test)]
#[path = "verified_tests.rs"]
mod tests;
