//! What can be wrong with a degrade map, line by line.

use super::encoding::Encoding;
use super::error::CodePoints;
use crate::csv_file::Rule;
use crate::{Class, Fault};

/// A degrade map with all its problems.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("degrade map {name} has {} problem(s)", problems.len())]
pub struct DegradeMapError {
    /// The map's name.
    pub name: String,
    /// At least one, in the order of lines.
    pub problems: Vec<DegradeProblem>,
}

/// One problem and its line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line_no}: {flaw}")]
pub struct DegradeProblem {
    /// The line, from 1, which is the header.
    pub line_no: u64,
    /// What is wrong there.
    pub flaw: DegradeFlaw,
}

/// What can be wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DegradeFlaw {
    /// Not strict CSV.
    #[error("not a CSV line: {rule}")]
    Csv {
        /// The rule of [`crate::csv_file`].
        rule: Rule,
    },
    /// The first line is another.
    #[error("the header must be from,to,basis")]
    Header,
    /// Not three columns.
    #[error("must have 3 columns, not {n_columns}")]
    Columns {
        /// How many there are.
        n_columns: usize,
    },
    /// A value that is not UTF-8.
    #[error("{column} is not UTF-8")]
    NotUtf8 {
        /// The header of the column.
        column: &'static str,
    },
    /// A value that must not be empty is.
    #[error("{column} is empty")]
    Empty {
        /// The header of the column.
        column: &'static str,
    },
    /// `U+` is not followed by the 4 to 6 hex digits of a character.
    #[error("{column} has a code point that is none; write U+8FBB U+E0100")]
    CodePoint {
        /// The header of the column.
        column: &'static str,
    },
    /// Control characters are never degraded.
    #[error("{column} has a control character")]
    Control {
        /// The header of the column.
        column: &'static str,
    },
    /// It would change nothing.
    #[error("from and to are the same")]
    Same,
    /// There is a line for it already.
    #[error("from is on line {first_line_no} already")]
    Duplicate {
        /// Where.
        first_line_no: u64,
    },
    /// Nothing in `from` is lacking, so the line would change what the receiver can have.
    #[error("{encoding} has every character of from")]
    Needless {
        /// The receiver's encoding.
        encoding: Encoding,
    },
    /// The receiver lacks `to`, too.
    #[error("{encoding} has no {} of to", CodePoints(code_points))]
    Unmappable {
        /// The receiver's encoding.
        encoding: Encoding,
        /// The characters it lacks.
        code_points: Vec<u32>,
    },
    /// Only one of `<VS>` and `<strip>`.
    #[error("<VS> goes with <strip> and with nothing else")]
    Strip,
}

impl Fault for DegradeMapError {
    fn code(&self) -> &'static str {
        "text.degrade-map"
    }

    fn class(&self) -> Class {
        Class::Operator
    }
}
