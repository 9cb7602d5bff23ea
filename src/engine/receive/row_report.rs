//! The report on rows (`….errors.csv`): every issue of every row, one a line. It opens in Excel: UTF-8 with byte
//! order mark, CRLF, all fields quoted. It names files, lines and columns, never a value, and is never cut short.

use std::borrow::Cow;
use std::io::Write as _;

use renkei_core::csv_file::{Newline, Quote, write_record};
use renkei_core::hash::Hasher;
use renkei_core::port::{Content, FolderError, Folders, StagedFile};
use renkei_core::{Digest, FileName};

use crate::error::EngineError;

/// A field as Excel shows it and does not reckon it: the name of a file is a sender's, and one that begins like a
/// formula would be one.
fn as_text(field: &str) -> Cow<'_, str> {
    let is_formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { Cow::Owned(format!("'{field}")) } else { Cow::Borrowed(field) }
}

/// Written to the stage as issues come; nothing is made where there is none.
pub(super) struct RowReportWriter<'f> {
    folders: &'f dyn Folders,
    stage: FileName,
    name: FileName,
    file: Option<Box<dyn StagedFile>>,
    buffer: Vec<u8>,
    hash: Hasher,
    n_bytes: u64,
}

/// A report on the stage, ready to be put where its readers are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowReport {
    /// The stage it is on.
    pub stage: FileName,
    /// Its name.
    pub name: FileName,
    /// What it is known by.
    pub content: Content,
}

const BUFFER_BYTES: usize = 64 * 1024;

impl<'f> RowReportWriter<'f> {
    pub(super) fn new(folders: &'f dyn Folders, stage: FileName, name: FileName) -> Self {
        Self { folders, stage, name, file: None, buffer: Vec::new(), hash: Hasher::new(), n_bytes: 0 }
    }

    /// Adds a line; `column` is empty for the whole row.
    pub(super) fn push(
        &mut self,
        file: &FileName,
        row_no: u64,
        column: &str,
        rule: &str,
        is_warning: bool,
    ) -> Result<(), EngineError> {
        if self.file.is_none() {
            self.file = Some(self.folders.create(&self.stage, &self.name)?);
            self.buffer.extend_from_slice("\u{feff}".as_bytes());
            self.line(&["ファイル", "行", "項目", "区分", "規則"]);
        }
        let row_no = row_no.to_string();
        self.line(&[file.as_str(), &row_no, column, if is_warning { "警告" } else { "エラー" }, rule]);
        if self.buffer.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    fn line(&mut self, fields: &[&str]) {
        let fields: Vec<_> = fields.iter().map(|field| as_text(field)).collect();
        let fields = fields.iter().map(|field| field.as_bytes());
        // Every field may stand in quotes, so none can fail.
        let _never = write_record(&mut self.buffer, fields, Quote::Always, Newline::CrLf);
    }

    fn flush(&mut self) -> Result<(), EngineError> {
        if let Some(file) = &mut self.file {
            file.write_all(&self.buffer).map_err(|error| FolderError::of_write(self.name.as_str(), error))?;
            self.hash.update(&self.buffer);
            self.n_bytes += self.buffer.len() as u64;
            self.buffer.clear();
        }
        Ok(())
    }

    /// The report, if anything was reported.
    pub(super) fn finish(mut self) -> Result<Option<RowReport>, EngineError> {
        self.flush()?;
        let Some(file) = self.file.take() else { return Ok(None) };
        file.finish()?;
        let sha256: Digest = self.hash.finish();
        let content = Content { n_bytes: self.n_bytes, sha256 };
        Ok(Some(RowReport { stage: self.stage, name: self.name, content }))
    }
}

#[cfg(test)]
mod tests {
    use super::as_text;

    #[test]
    fn nothing_is_a_formula() {
        for (field, shown) in [
            ("=1+1.csv", "'=1+1.csv"),
            ("+x", "'+x"),
            ("-x", "'-x"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("082201_023z001-00.csv", "082201_023z001-00.csv"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(as_text(field), shown);
        }
    }
}
