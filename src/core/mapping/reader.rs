//! Reads a source through its mapping, row by row.

use std::io::{self, Read};

use renkei_registry::{FieldKind, Severity};

use super::Mapping;
use super::column::{MappedColumn, Otherwise, SourceColumn};
use super::fixed::{FixedReader, Found};
use super::header::{HeaderProblem, places_of};
use crate::csv_file::{Issue, ReadError, RecordReader};
use crate::layout::Column;
use crate::row_check::RowIssue;
use crate::text::CharacterSet;

/// The rule of a value that was left out because the mapping says so.
const EMPTIED: &str = "emptied";

/// A row in the layout's columns.
#[derive(Clone, PartialEq, Eq)]
pub struct MappedRow {
    /// The line of the source, from 1.
    pub row_no: u64,
    /// As many as the layout has columns. One whose value could not be turned over is empty.
    pub fields: Vec<String>,
    /// What could not be turned over, and what was left out.
    pub issues: Vec<RowIssue<'static>>,
}

/// Shows place and shape only: the content may be personal.
impl std::fmt::Debug for MappedRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MappedRow")
            .field("row_no", &self.row_no)
            .field("issues", &self.issues)
            .finish_non_exhaustive()
    }
}

/// Why there is no next row.
#[derive(Debug, thiserror::Error)]
pub enum MappedError {
    /// The header row is not what the mapping is about; nothing is read after it.
    #[error("the header row does not fit the mapping: {}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    Header {
        /// All that is wrong with it.
        problems: Vec<HeaderProblem>,
    },
    /// The line is refused; the next one can be read.
    #[error("the line is refused")]
    Refused(#[source] Issue),
    /// Bytes that are no text in the source's encoding.
    #[error("row {row_no}: byte {byte_offset} is no text in this encoding")]
    NotText {
        /// The line, from 1.
        row_no: u64,
        /// Where, from the start of the line.
        byte_offset: usize,
    },
    /// Another number of columns than the header row has, or than was declared.
    #[error("row {row_no}: {found} columns instead of {expected}")]
    Columns {
        /// The line, from 1.
        row_no: u64,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A record of another length than its columns have together.
    #[error("row {row_no}: {found} bytes instead of {expected}")]
    Length {
        /// The record, from 1.
        row_no: u64,
        /// How many bytes there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// The source could not be read on.
    #[error("the source could not be read")]
    Unreadable(#[source] io::Error),
}

/// Reads rows of a source.
pub struct MappedReader<'m, R> {
    mapping: &'m Mapping,
    characters: CharacterSet,
    records: Records<R>,
    /// What is taken off the fields of each column of the layout; nothing in CSV.
    trims: Vec<Trim>,
    /// The source's place of each column that is mapped from one; empty before the header was read.
    places: Vec<Option<usize>>,
    n_columns: usize,
    stage: Stage,
}

/// The records of a source.
enum Records<R> {
    Csv(RecordReader<R>),
    Fixed(FixedReader<R>),
}

/// What fills a field of fixed length up to its width.
#[derive(Clone, Copy)]
enum Trim {
    /// Of text, blanks after it: one before it may be meant.
    End,
    /// Of digits, codes and days, blanks on either side.
    Both,
}

impl Trim {
    fn of(self, text: &str) -> &str {
        // The blank of double width fills up what is written in double width.
        let blanks = [' ', '\u{3000}'];
        match self {
            Self::End => text.trim_end_matches(blanks),
            Self::Both => text.trim_matches(blanks),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Start,
    Rows,
    /// The header row did not fit.
    End,
}

impl<'m, R: Read> MappedReader<'m, R> {
    /// A reader of `source`.
    pub fn new(mapping: &'m Mapping, source: R) -> Self {
        Self {
            mapping,
            characters: CharacterSet::new(mapping.source.encoding, None),
            records: match &mapping.fixed {
                None => Records::Csv(RecordReader::new(source, mapping.source.accept)),
                Some(form) => Records::Fixed(FixedReader::new(source, form)),
            },
            trims: if mapping.fixed.is_some() { trims_of(mapping) } else { Vec::new() },
            places: Vec::new(),
            n_columns: 0,
            stage: Stage::Start,
        }
    }

    /// The next row; `None` at the end, and after a header row that does not fit.
    pub fn next_row(&mut self) -> Result<Option<MappedRow>, MappedError> {
        if self.stage == Stage::Start {
            self.stage = Stage::End;
            self.start()?;
            self.stage = Stage::Rows;
        }
        if self.stage == Stage::End {
            return Ok(None);
        }
        let Some((row_no, texts)) = self.next_texts()? else { return Ok(None) };
        let mut row = MappedRow { row_no, fields: Vec::with_capacity(self.places.len()), issues: Vec::new() };
        for (column, (mapped, place)) in self.mapping.columns.iter().zip(&self.places).enumerate() {
            let (MappedColumn::From { conversion, otherwise, .. }, Some(place)) = (mapped, place) else {
                let text = if let MappedColumn::Text(text) = mapped { text.clone() } else { String::new() };
                row.fields.push(text);
                continue;
            };
            let text = texts.get(*place).map_or("", String::as_str);
            let text = self.trims.get(column).map_or(text, |trim| trim.of(text));
            let mut issue = |rule, severity| row.issues.push(RowIssue { column, rule, severity });
            row.fields.push(match (conversion.turn(text), otherwise) {
                (Ok(turned), _) => turned,
                (Err(_), Otherwise::Keep) => text.to_owned(),
                (Err(_), Otherwise::Empty) => {
                    issue(EMPTIED, Severity::Warning);
                    String::new()
                }
                (Err(rule), Otherwise::Refuse) => {
                    issue(rule, Severity::Error);
                    String::new()
                }
            });
        }
        Ok(Some(row))
    }

    /// The next line's fields as text, all of them, so that a column that is ignored is text as well.
    fn next_texts(&mut self) -> Result<Option<(u64, Vec<String>)>, MappedError> {
        let Self { records, characters, mapping, n_columns, .. } = self;
        let expected = *n_columns;
        match records {
            Records::Csv(records) => {
                let Some(record) = records.next_record().map_err(error_of)? else { return Ok(None) };
                let row_no = record.row_no();
                if record.n_fields() != expected {
                    return Err(MappedError::Columns { row_no, found: record.n_fields(), expected });
                }
                if let Err(error) = characters.decode(record.line()) {
                    return Err(MappedError::NotText { row_no, byte_offset: error.offset });
                }
                let texts =
                    record.fields().map(|field| characters.decode(&field).unwrap_or_default().into_owned());
                Ok(Some((row_no, texts.collect())))
            }
            Records::Fixed(records) => {
                let row_no = records.row_no() + 1;
                let Some(form) = &mapping.fixed else { return Ok(None) };
                match records.next_record().map_err(error_of)? {
                    None => Ok(None),
                    Some(Found::OtherLength(found)) => {
                        Err(MappedError::Length { row_no, found, expected: form.record_bytes() })
                    }
                    Some(Found::Record(record)) => {
                        let mut texts = Vec::with_capacity(expected);
                        for (start, piece) in form.split(record) {
                            let text = characters.decode(piece);
                            let text = text.map_err(|error| MappedError::NotText {
                                row_no,
                                byte_offset: start + error.offset,
                            })?;
                            texts.push(text.into_owned());
                        }
                        Ok(Some((row_no, texts)))
                    }
                }
            }
        }
    }

    fn start(&mut self) -> Result<(), MappedError> {
        if let Some(n_columns) = self.mapping.source.n_columns {
            self.n_columns = n_columns;
            let place_of = |mapped: &MappedColumn| match mapped {
                MappedColumn::From { source: SourceColumn::Number(number), .. } => number.checked_sub(1),
                _ => None,
            };
            self.places = self.mapping.columns.iter().map(place_of).collect();
            return Ok(());
        }
        let Records::Csv(records) = &mut self.records else { return Ok(()) };
        let Some(record) = records.next_record().map_err(error_of)? else {
            return Err(MappedError::Header { problems: vec![HeaderProblem::Empty] });
        };
        let row_no = record.row_no();
        let mut names = Vec::new();
        for field in record.fields() {
            let name = self.characters.decode(&field);
            let name = name.map_err(|error| MappedError::NotText { row_no, byte_offset: error.offset })?;
            names.push(name.into_owned());
        }
        self.n_columns = names.len();
        self.places = places_of(self.mapping, &names).map_err(|problems| MappedError::Header { problems })?;
        Ok(())
    }
}

/// How the fields of each column of the layout are filled up in the source.
fn trims_of(mapping: &Mapping) -> Vec<Trim> {
    let is_text = |column: &Column| column.rule().is_none_or(|rule| rule.kind == FieldKind::Text);
    mapping.layout.columns.iter().map(|column| if is_text(column) { Trim::End } else { Trim::Both }).collect()
}

fn error_of(error: ReadError) -> MappedError {
    match error {
        ReadError::Refused(issue) => MappedError::Refused(issue),
        ReadError::Unreadable(error) => MappedError::Unreadable(error),
    }
}
