//! The protected report of what differs: a new file for its owner only, the one place where keys and values stand.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use renkei_core::csv_file::{Newline, Quote, write_record};
use renkei_core::layout::Layout;
use renkei_core::projection::column_name;
use renkei_engine::compare::{Difference, DifferenceKind};
use renkei_engine::{Divergence, EngineError};

use crate::{Failure, HubError};

/// All differences: one line for each column that differs, one for a row that only one has.
pub(crate) struct DifferenceReport<'l> {
    path: PathBuf,
    out: BufWriter<File>,
    layout: &'l Layout,
    line: Vec<u8>,
    is_whole: bool,
}

/// Creates a file for its owner only; never over one that is there, whose mode and readers nobody knows.
pub(crate) fn own_file(path: &Path) -> Result<File, HubError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.map_err(|source| HubError::Write { path: path.to_owned(), source })
}

impl<'l> DifferenceReport<'l> {
    /// Creates the file.
    pub(crate) fn create(path: &Path, layout: &'l Layout) -> Result<Self, Failure> {
        let (file, line) = (own_file(path)?, "\u{feff}".into());
        let out = BufWriter::new(file);
        let mut values = Self { path: path.to_owned(), out, layout, line, is_whole: false };
        values.write(&["kind", "key", "column", "a", "b"])?;
        Ok(values)
    }

    /// Writes one difference with its values.
    pub(crate) fn take(&mut self, difference: &Difference<'_>) -> Result<(), EngineError> {
        let key = difference.key.join(" ");
        let kind = word(difference.kind);
        let field = |fields: Option<&[String]>, column: usize| {
            fields.and_then(|fields| fields.get(column)).cloned().unwrap_or_default()
        };
        let whole: Vec<usize> = (0..self.layout.columns.len()).collect();
        let columns = if difference.columns.is_empty() { whole.as_slice() } else { difference.columns };
        for column in columns {
            let (a, b) = (field(difference.a, *column), field(difference.b, *column));
            self.write(&[kind, &key, column_name(self.layout, *column), &a, &b])?;
        }
        Ok(())
    }

    /// Writes the keys of rows of which only digests are known.
    pub(crate) fn take_rows(&mut self, theirs: &Divergence) -> Result<(), EngineError> {
        for row in &theirs.rows {
            let kind = match (&row.ours, &row.theirs) {
                (_, None) => DifferenceKind::Missing,
                (None, _) => DifferenceKind::Surplus,
                _ => DifferenceKind::Different,
            };
            let key = String::from_utf8_lossy(&row.key).replace('\u{1f}', " ");
            self.write(&[word(kind), &key, "", "", ""])?;
        }
        Ok(())
    }

    fn write(&mut self, fields: &[&str]) -> Result<(), EngineError> {
        let bytes = fields.iter().map(|field| field.as_bytes());
        // Every field may stand in quotes, so none can fail.
        let _never = write_record(&mut self.line, bytes, Quote::Always, Newline::CrLf);
        let written = self.out.write_all(&self.line);
        self.line.clear();
        written.map_err(|source| EngineError::Input { file: self.path.display().to_string(), source })
    }

    /// Ends it.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let written = self.out.flush();
        written.map_err(|source| HubError::Write { path: self.path.clone(), source })?;
        self.is_whole = true;
        Ok(())
    }
}

impl Drop for DifferenceReport<'_> {
    /// What did not come to its end is no report, and still personal.
    fn drop(&mut self) {
        if !self.is_whole
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(%error, "half a report on differences stays behind");
        }
    }
}

/// The word of a kind in reports.
pub(crate) const fn word(kind: DifferenceKind) -> &'static str {
    match kind {
        DifferenceKind::Missing => "missing",
        DifferenceKind::Surplus => "surplus",
        DifferenceKind::Different => "different",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_report_does_not_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.csv");
        let problems = renkei_core::declared::Problems::new();
        let text = include_str!("../../layouts/001o005-1.0.toml");
        let layout = Layout::read("001o005-1.0.toml", text, &problems).unwrap();
        drop(DifferenceReport::create(&path, &layout).unwrap());
        assert!(!path.exists());
        DifferenceReport::create(&path, &layout).unwrap().finish().unwrap();
        assert!(path.exists());
    }
}
