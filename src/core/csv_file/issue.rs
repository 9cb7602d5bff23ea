//! What can be wrong with a CSV file as such, and where it is wrong.

use std::fmt;
use std::io;

use crate::{Class, Fault};

/// The rule a record breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A quoted field is not closed on its line; also what a line break inside a field comes to.
    UnclosedQuote,
    /// A quotation mark inside a bare field, or something other than a comma after the closing one.
    StrayQuote,
    /// CR that is not followed by LF.
    BareCr,
    /// A line without anything on it.
    BlankLine,
    /// The byte 00.
    Nul,
    /// More bytes than [`super::Limits::record_bytes`].
    RecordTooLong,
    /// More columns than [`super::Limits::columns`].
    TooManyFields,
    /// The file ends inside a record: it was cut off.
    MissingFinalNewline,
    /// The other newline than the one accepted.
    WrongNewline,
    /// A bare field where every field must be quoted.
    UnquotedField,
    /// A quoted field where none may be.
    QuotedField,
}

impl Rule {
    /// The word in reports and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnclosedQuote => "unclosed-quote",
            Self::StrayQuote => "stray-quote",
            Self::BareCr => "bare-cr",
            Self::BlankLine => "blank-line",
            Self::Nul => "nul",
            Self::RecordTooLong => "record-too-long",
            Self::TooManyFields => "too-many-fields",
            Self::MissingFinalNewline => "missing-final-newline",
            Self::WrongNewline => "wrong-newline",
            Self::UnquotedField => "unquoted-field",
            Self::QuotedField => "quoted-field",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One refused record. It carries the place and the rule, never the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("row {row_no}, column {column}, byte {byte_offset}: {rule}")]
pub struct Issue {
    /// The line of the file, from 1; a header is line 1.
    pub row_no: u64,
    /// The column, from 1; 1 where the whole record is meant, and where it could not be counted.
    pub column: usize,
    /// Where in the file the offending byte stands, from 0; a byte order mark counts.
    pub byte_offset: u64,
    /// The rule that is broken.
    pub rule: Rule,
}

/// Why there is no next record.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The next record is refused; those after it can still be read.
    #[error("the record is refused")]
    Refused(#[from] Issue),
    /// The file could not be read.
    #[error("the file could not be read")]
    Unreadable(#[from] io::Error),
}

impl Fault for ReadError {
    fn code(&self) -> &'static str {
        match self {
            Self::Refused(_) => "csv.refused",
            Self::Unreadable(_) => "csv.unreadable",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Refused(_) => Class::Partner,
            Self::Unreadable(_) => Class::Retry,
        }
    }
}
