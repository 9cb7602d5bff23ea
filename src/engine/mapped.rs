//! Applying a mapping (読替定義): any CSV becomes a data file of one of our layouts, or nothing does.

use std::collections::HashSet;
use std::io::{Read, Write};

use chrono::NaiveDate;
use renkei_core::Digest;
use renkei_core::csv_file::write_record;
use renkei_core::hash::{Hasher, sha256};
use renkei_core::mapping::{MappedError, MappedReader, MappedRow, Mapping};
use renkei_core::projection::column_name;
use renkei_core::row_check::{RowChecker, RowIssue, RowMark};
use renkei_core::state::{FeedState, RowDigest};
use renkei_core::text::{CharacterSet, Encoding};
use renkei_registry::Severity;

use crate::error::EngineError;
use crate::intake::{InputIssue, IssueList};

/// What came of a source.
#[derive(Debug)]
pub struct Mapped {
    /// Rows written; those with errors are not.
    pub n_rows: u64,
    /// Rows of the source that could be read.
    pub n_source_rows: u64,
    /// Which lines of the source the lines written come from.
    pub rows: SourceRows,
    /// Bytes written.
    pub n_bytes: u64,
    /// Their digest.
    pub sha256: Digest,
    /// What a receiver holds after a full of these rows.
    pub state: FeedState,
    /// Everything that is wrong, by line of the source; with an error the file written is of no use.
    pub issues: IssueList,
}

/// Which line of a source each line written comes from: kept only where the distance between them changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceRows {
    n_lines: u64,
    /// The first line written to which a distance holds, and the line of the source it comes from.
    turns: Vec<(u64, u64)>,
}

impl SourceRows {
    fn push(&mut self, source_row: u64) {
        self.n_lines += 1;
        if self.of(self.n_lines) != source_row {
            self.turns.push((self.n_lines, source_row));
        }
    }

    /// The line of the source that a line written comes from; both from 1, header rows included.
    pub fn of(&self, row: u64) -> u64 {
        let n_before = self.turns.partition_point(|(first, _)| *first <= row);
        let turn = n_before.checked_sub(1).and_then(|index| self.turns.get(index));
        turn.map_or(row, |(first, source)| row - first + source)
    }
}

/// Writes a source as a data file of the mapping's layout, header row included. Rows are judged as a receiver would
/// on `day`; every issue is told to `take` as well.
pub fn map_file(
    mapping: &Mapping,
    source: impl Read,
    day: NaiveDate,
    out: &mut dyn Write,
    take: &mut dyn FnMut(&InputIssue),
) -> Result<Mapped, EngineError> {
    let mut desk = Desk {
        mapping,
        checker: RowChecker::new(&mapping.layout, day),
        characters: CharacterSet::new(mapping.layout.file.encoding, None),
        keys: HashSet::new(),
        out,
        hash: Hasher::new(),
        take,
        mapped: Mapped {
            n_rows: 0,
            n_source_rows: 0,
            rows: SourceRows::default(),
            n_bytes: 0,
            sha256: Digest([0; 32]),
            state: FeedState::empty(),
            issues: IssueList::default(),
        },
    };
    desk.start()?;
    let mut reader = MappedReader::new(mapping, source);
    loop {
        match reader.next_row() {
            Ok(None) => break,
            Ok(Some(row)) => desk.row(&row)?,
            Err(MappedError::Header { problems }) => {
                for problem in problems {
                    desk.issue(InputIssue::of_row(1, "wrong-header", problem.to_string()));
                }
            }
            Err(MappedError::Unreadable(source)) => {
                return Err(EngineError::Input { file: "the source".to_owned(), source });
            }
            Err(MappedError::Refused(issue)) => {
                desk.issue(InputIssue::of_row(issue.row_no, issue.rule.as_str(), issue.to_string()));
            }
            Err(MappedError::NotText { row_no, byte_offset }) => {
                let detail = format!("byte {byte_offset} is no text in this encoding");
                desk.issue(InputIssue::of_row(row_no, "not-text", detail));
            }
            Err(MappedError::Columns { row_no, found, expected }) => {
                let detail = format!("{found} columns instead of {expected}");
                desk.issue(InputIssue::of_row(row_no, "wrong-columns", detail));
            }
        }
    }
    desk.mapped.sha256 = desk.hash.finish();
    Ok(desk.mapped)
}

struct Desk<'d> {
    mapping: &'d Mapping,
    checker: RowChecker<'d>,
    characters: CharacterSet,
    /// Sixteen bytes of each key's digest.
    keys: HashSet<[u8; 16]>,
    out: &'d mut dyn Write,
    hash: Hasher,
    take: &'d mut dyn FnMut(&InputIssue),
    mapped: Mapped,
}

impl Desk<'_> {
    fn start(&mut self) -> Result<(), EngineError> {
        let layout = &self.mapping.layout;
        if layout.file.encoding == Encoding::Utf8Bom {
            self.write("\u{feff}".as_bytes())?;
        }
        let headers: Option<Vec<String>> =
            layout.headers(layout.file.header).map(|headers| headers.map(str::to_owned).collect());
        if let Some(headers) = headers
            && let Some(line) = self.line(1, &headers)
        {
            self.encoded(&line)?;
            self.mapped.rows.n_lines = 1;
        }
        Ok(())
    }

    fn row(&mut self, row: &MappedRow) -> Result<(), EngineError> {
        let n_before = self.mapped.issues.n_errors;
        self.mapped.n_source_rows += 1;
        let mut issues: Vec<RowIssue<'_>> = Vec::new();
        self.checker.check(&row.fields, &mut issues);
        // What could not be turned over is empty, which need not be said once more.
        let is_said = |issue: &RowIssue<'_>| row.issues.iter().any(|said| said.column == issue.column);
        let issues = issues.into_iter().filter(|issue| !is_said(issue));
        let issues: Vec<RowIssue<'_>> = row.issues.iter().copied().chain(issues).collect();
        // Of a column that is wrong already nothing more can be said.
        let is_wrong = |column: &usize| {
            issues.iter().any(|issue| issue.column == *column && issue.severity == Severity::Error)
        };
        let mark = self.checker.mark(&row.fields);
        let is_unmarked = matches!(&mark, RowMark::Unknown { column } if !is_wrong(column));
        let is_key_known = !self.mapping.layout.key_columns.iter().any(is_wrong);
        for issue in &issues {
            self.issue(InputIssue {
                row: row.row_no,
                column: column_name(&self.mapping.layout, issue.column).to_owned(),
                rule: issue.rule.to_owned(),
                detail: String::new(),
                is_warning: issue.severity == Severity::Warning,
            });
        }
        if is_unmarked {
            self.issue(InputIssue::of_row(row.row_no, "wrong-removal-mark", String::new()));
        }
        let key: Vec<&str> = self.checker.key(&row.fields).collect();
        let digest = sha256(key.join("\u{1f}").as_bytes());
        let (short, _) = digest.as_chunks::<16>();
        if is_key_known && !short.first().is_some_and(|short| self.keys.insert(*short)) {
            self.issue(InputIssue::of_row(row.row_no, "duplicate-key", String::new()));
        }
        let bucket = self.checker.bucket(&row.fields);
        let Some(line) = self.line(row.row_no, &row.fields) else { return Ok(()) };
        if self.mapped.issues.n_errors > n_before {
            return Ok(());
        }
        self.mapped.n_rows += 1;
        self.mapped.rows.push(row.row_no);
        if mark != RowMark::Removed {
            let text = line.strip_suffix('\n').unwrap_or(&line);
            let text = text.strip_suffix('\r').unwrap_or(text);
            self.mapped.state.add(bucket, &RowDigest::of(text.as_bytes()));
        }
        self.encoded(&line)
    }

    /// The line as text, with its newline; `None` with an issue where it cannot be written.
    fn line(&mut self, row_no: u64, fields: &[String]) -> Option<String> {
        let format = self.mapping.layout.file;
        let mut texts = Vec::with_capacity(fields.len());
        for (column, field) in fields.iter().enumerate() {
            match self.characters.canonical(field) {
                Ok(canonical) => texts.push(canonical.text.into_owned()),
                Err(error) => {
                    let column = column_name(&self.mapping.layout, column).to_owned();
                    let detail = error.to_string();
                    self.issue(InputIssue { column, ..InputIssue::of_row(row_no, "no-character", detail) });
                    return None;
                }
            }
        }
        let mut line = Vec::new();
        let fields = texts.iter().map(String::as_bytes);
        if let Err(error) = write_record(&mut line, fields, format.quote, format.newline) {
            self.issue(InputIssue::of_row(row_no, "needs-quotes", error.to_string()));
            return None;
        }
        String::from_utf8(line).ok()
    }

    fn encoded(&mut self, line: &str) -> Result<(), EngineError> {
        let mut bytes = Vec::with_capacity(line.len());
        // Canonical text has a code for every character.
        if self.characters.encode_into(line, &mut bytes).is_ok() { self.write(&bytes) } else { Ok(()) }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.hash.update(bytes);
        self.mapped.n_bytes += bytes.len() as u64;
        let failed = |source| EngineError::Input { file: "the file to write".to_owned(), source };
        self.out.write_all(bytes).map_err(failed)
    }

    fn issue(&mut self, issue: InputIssue) {
        (self.take)(&issue);
        self.mapped.issues.push(issue);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_line_written_leads_back_to_its_source(gaps in prop::collection::vec(1_u64..4, 0..60), header in 0_u64..2) {
            let mut rows = SourceRows { n_lines: header, ..SourceRows::default() };
            let mut at = 0;
            let sources: Vec<u64> = gaps.iter().map(|gap| { at += gap; at }).collect();
            for source in &sources {
                rows.push(*source);
            }
            for (line, source) in (header + 1..).zip(&sources) {
                prop_assert_eq!(rows.of(line), *source);
            }
            prop_assert!(rows.turns.len() <= 1 + gaps.iter().filter(|gap| **gap > 1).count());
        }
    }
}
