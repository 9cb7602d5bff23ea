//! What makes a line no row that could be taken in at all.

use renkei_core::csv_file::Issue as CsvIssue;

use crate::intake::InputIssue;

/// Something wrong with a line as such. Carries no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineIssue {
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
}

impl LineIssue {
    /// The line of the file, from 1.
    pub fn row_no(&self) -> u64 {
        match self {
            Self::Csv(issue) => issue.row_no,
            Self::NotText { row_no, .. } | Self::Columns { row_no, .. } | Self::Mark { row_no, .. } => {
                *row_no
            }
            Self::Header { .. } | Self::Start { .. } => 1,
        }
    }

    /// The rule's word.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Csv(issue) => issue.rule.as_str(),
            Self::NotText { .. } => "not-text",
            Self::Columns { .. } => "wrong-columns",
            Self::Header { .. } => "wrong-header",
            Self::Start { .. } => "wrong-start",
            Self::Mark { .. } => "wrong-removal-mark",
        }
    }

    /// As an issue of an input file.
    pub fn to_input_issue(&self) -> InputIssue {
        InputIssue::of_row(self.row_no(), self.rule(), self.to_string())
    }

    /// Counts rows from the start of the file instead of the block's.
    pub(super) fn move_down(&mut self, n_rows_before: u64) {
        match self {
            Self::Csv(issue) => issue.row_no += n_rows_before,
            Self::NotText { row_no, .. } | Self::Columns { row_no, .. } | Self::Mark { row_no, .. } => {
                *row_no += n_rows_before;
            }
            Self::Header { .. } | Self::Start { .. } => {}
        }
    }
}
