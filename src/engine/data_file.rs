//! Reading a data file as a receiver would: strictly, row by row, by layout.

use std::borrow::Cow;
use std::io::Read;

use renkei_core::csv_file::{Accept, Issue as CsvIssue, ReadError, Record, RecordReader};
use renkei_core::layout::{FileFormat, HeaderRow, Layout};
use renkei_core::state::bucket_of;
use renkei_core::text::{CharacterSet, Encoding};

/// One row of a data file.
pub(crate) struct Row<'r> {
    /// The key's fields, joined by U+001F.
    pub(crate) key: Vec<u8>,
    /// The key's bucket.
    pub(crate) bucket: usize,
    /// True when the row leaves the state.
    pub(crate) is_removed: bool,
    /// The line as text, without its newline: what the state digest is taken of.
    pub(crate) line: Cow<'r, str>,
    /// The fields, as bytes of the file's encoding.
    pub(crate) record: Record<'r>,
    characters: &'r CharacterSet,
}

impl Row<'_> {
    /// A field of this row as text; the line was decoded, so each field can be.
    pub(crate) fn text<'f>(&self, field: &'f [u8]) -> Cow<'f, str> {
        self.characters.decode(field).unwrap_or_default()
    }
}

/// Something wrong with a data file. Carries no value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataIssue {
    /// Not strict CSV.
    #[error("{0}")]
    Csv(CsvIssue),
    /// Bytes that are no text in the file's encoding.
    #[error("row {row_no}: byte {byte_offset} is no text in this encoding")]
    NotText {
        /// The line of the file, from 1.
        row_no: u64,
        /// Where, from the start of the line.
        byte_offset: usize,
    },
    /// The wrong number of columns.
    #[error("row {row_no}: {found} columns instead of {expected}")]
    Columns {
        /// The line of the file, from 1.
        row_no: u64,
        /// How many there are.
        found: usize,
        /// How many the layout has.
        expected: usize,
    },
    /// A header row that is not the layout's.
    #[error("row 1, column {column}: the header is not the layout's")]
    Header {
        /// The first column that differs, from 1.
        column: usize,
    },
    /// No header row, or a byte order mark missing or too many.
    #[error("{what}")]
    Start {
        /// What is wrong.
        what: &'static str,
    },
    /// The removal mark is neither of the two.
    #[error("row {row_no}, column {column}: neither the mark of a present nor of a removed row")]
    Mark {
        /// The line of the file, from 1.
        row_no: u64,
        /// The column, from 1.
        column: usize,
    },
    /// The file could not be read on.
    #[error("the file could not be read")]
    Unreadable(#[source] std::io::Error),
}

/// Reads the rows of one data file.
pub(crate) struct DataFileReader<'l, R> {
    layout: &'l Layout,
    format: FileFormat,
    characters: CharacterSet,
    records: RecordReader<R>,
    is_started: bool,
}

impl<'l, R: Read> DataFileReader<'l, R> {
    pub(crate) fn new(layout: &'l Layout, format: FileFormat, source: R) -> Self {
        let accept = Accept { newline: Some(format.newline), quote: Some(format.quote) };
        Self {
            layout,
            format,
            characters: CharacterSet::new(format.encoding, None),
            records: RecordReader::new(source, accept),
            is_started: false,
        }
    }

    /// The next row; `None` at the end. After an issue with one row the next call gives the next row; after
    /// [`DataIssue::Unreadable`] it would fail again.
    pub(crate) fn next_row(&mut self) -> Result<Option<Row<'_>>, DataIssue> {
        if !self.is_started {
            self.is_started = true;
            self.start()?;
        }
        let Some(record) = self.records.next_record().map_err(issue)? else { return Ok(None) };
        let row_no = record.row_no();
        let expected = self.layout.columns.len();
        if record.n_fields() != expected {
            return Err(DataIssue::Columns { row_no, found: record.n_fields(), expected });
        }
        let line = self
            .characters
            .decode(record.line())
            .map_err(|error| DataIssue::NotText { row_no, byte_offset: error.offset })?;
        let removal = &self.layout.removal;
        let mark = record.field(removal.column);
        let is_removed = *mark == *removal.removed.as_bytes();
        if !is_removed && *mark != *removal.present.as_bytes() {
            return Err(DataIssue::Mark { row_no, column: removal.column + 1 });
        }
        let fields: Vec<Cow<'_, [u8]>> =
            self.layout.key_columns.iter().map(|column| record.field(*column)).collect();
        let bucket = bucket_of(fields.iter().map(AsRef::as_ref));
        Ok(Some(Row {
            key: fields.join(&0x1f),
            bucket,
            is_removed,
            line,
            record,
            characters: &self.characters,
        }))
    }

    /// Byte order mark and header row.
    fn start(&mut self) -> Result<(), DataIssue> {
        let header = self.layout.headers(self.format.header);
        let names: Option<Vec<&str>> = header.map(Iterator::collect);
        let has_header = self.format.header != HeaderRow::None;
        if has_header {
            let characters = &self.characters;
            let record = self.records.next_record().map_err(issue)?;
            let Some(record) = record else {
                return Err(DataIssue::Start {
                    what: "the file is empty; at least its header row is missing",
                });
            };
            let names = names.unwrap_or_default();
            if record.n_fields() != names.len() {
                let (found, expected) = (record.n_fields(), names.len());
                return Err(DataIssue::Columns { row_no: 1, found, expected });
            }
            for (index, name) in names.iter().enumerate() {
                let field = record.field(index);
                if characters.decode(&field).ok().as_deref() != Some(*name) {
                    return Err(DataIssue::Header { column: index + 1 });
                }
            }
            let expects_bom = self.format.encoding == Encoding::Utf8Bom;
            if self.records.has_bom() != expects_bom {
                let what =
                    if expects_bom { "the byte order mark is missing" } else { "there is a byte order mark" };
                return Err(DataIssue::Start { what });
            }
        }
        Ok(())
    }
}

fn issue(error: ReadError) -> DataIssue {
    match error {
        ReadError::Refused(issue) => DataIssue::Csv(issue),
        ReadError::Unreadable(error) => DataIssue::Unreadable(error),
    }
}
