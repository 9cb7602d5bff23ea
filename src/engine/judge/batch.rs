//! The judged lines of one block, for whoever takes them in.

use std::borrow::Cow;

use renkei_core::csv_file::FieldPlace;
use renkei_core::layout::Layout;
use renkei_core::projection::column_name;
use renkei_core::row_check::{RowIssue, WRONG_TEXT};
use renkei_core::state::RowDigest;
use renkei_registry::Severity;

use super::key_order::KeyIssue;
use super::line_issue::LineIssue;
use crate::intake::InputIssue;

/// Judged lines, in file order.
pub struct JudgedBatch<'l> {
    pub(super) layout: &'l Layout,
    /// Lines as text; places are in it.
    pub(super) text: String,
    pub(super) rows: Vec<RowPart>,
    /// As many for each row as the layout has columns.
    pub(super) places: Vec<Place>,
    /// Keys, one after the other.
    pub(super) keys: Vec<u8>,
    /// What is wrong with rows, one row after the other.
    pub(super) issues: Vec<RowIssue<'l>>,
    /// Lines that are no rows.
    pub(super) refused: Vec<LineIssue>,
    /// Lines of the file that it is about, the header row included.
    pub(super) n_lines: u64,
    /// Lines of the file before it.
    pub(super) n_lines_before: u64,
}

/// What is kept of a row.
#[derive(Debug, Clone)]
pub(super) struct RowPart {
    /// From 1, within the block.
    pub(super) row_no: u64,
    pub(super) line: (usize, usize),
    pub(super) key: (usize, usize),
    pub(super) issues: (usize, usize),
    pub(super) bucket: usize,
    pub(super) digest: RowDigest,
    pub(super) is_removed: bool,
    pub(super) key_issue: Option<KeyIssue>,
}

/// Where a field lies in the batch's text. A block is shorter than 4 GiB.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    start: u32,
    end: u32,
    has_doubled: bool,
}

impl Place {
    pub(super) fn new(line_start: usize, place: FieldPlace) -> Self {
        let short = |at: usize| u32::try_from(line_start + at).unwrap_or(u32::MAX);
        Self { start: short(place.start), end: short(place.end), has_doubled: place.has_doubled }
    }

    /// Whether marks in it are doubled, so that its value is another text.
    pub(super) fn has_doubled(self) -> bool {
        self.has_doubled
    }

    /// As it stands in the text.
    pub(super) fn raw(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    pub(super) fn of(self, text: &str) -> Cow<'_, str> {
        let field = self.raw(text);
        if self.has_doubled { Cow::Owned(field.replace("\"\"", "\"")) } else { Cow::Borrowed(field) }
    }
}

impl<'l> JudgedBatch<'l> {
    /// The rows, also those with errors.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = JudgedRow<'_, 'l>> {
        self.rows.iter().enumerate().map(|(index, part)| JudgedRow { batch: self, part, index })
    }

    /// Lines that are no rows.
    pub fn refused(&self) -> &[LineIssue] {
        &self.refused
    }

    /// Rows and refused lines together, in file order.
    pub fn lines(&self) -> impl Iterator<Item = JudgedLine<'_, 'l>> {
        let (mut rows, mut refused) = (self.rows().peekable(), self.refused.iter().peekable());
        std::iter::from_fn(move || {
            let is_refused_next = match (rows.peek(), refused.peek()) {
                (Some(row), Some(refused)) => refused.row_no() <= row.row_no(),
                (row, _) => row.is_none(),
            };
            if is_refused_next {
                refused.next().map(JudgedLine::Refused)
            } else {
                rows.next().map(JudgedLine::Row)
            }
        })
    }
}

/// Shows shape only: the content may be personal.
impl std::fmt::Debug for JudgedBatch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JudgedBatch")
            .field("n_lines_before", &self.n_lines_before)
            .field("n_rows", &self.rows.len())
            .field("n_refused", &self.refused.len())
            .finish_non_exhaustive()
    }
}

/// A line of a judged file.
#[derive(Debug, Clone, Copy)]
pub enum JudgedLine<'b, 'l> {
    /// A row, which may have issues.
    Row(JudgedRow<'b, 'l>),
    /// No row at all.
    Refused(&'b LineIssue),
}

/// A row that could be read, whatever is wrong with its fields.
#[derive(Clone, Copy)]
pub struct JudgedRow<'b, 'l> {
    batch: &'b JudgedBatch<'l>,
    part: &'b RowPart,
    index: usize,
}

impl<'b, 'l> JudgedRow<'b, 'l> {
    /// The line of the file, from 1; a header row is line 1.
    pub fn row_no(&self) -> u64 {
        self.part.row_no + self.batch.n_lines_before
    }

    /// The key's fields, joined by U+001F.
    pub fn key(&self) -> &'b [u8] {
        self.batch.keys.get(self.part.key.0..self.part.key.1).unwrap_or_default()
    }

    /// The key's bucket.
    pub fn bucket(&self) -> usize {
        self.part.bucket
    }

    /// The digest of the row as rendered.
    pub fn digest(&self) -> RowDigest {
        self.part.digest
    }

    /// True when the row leaves the state.
    pub fn is_removed(&self) -> bool {
        self.part.is_removed
    }

    /// The line as text, without its newline: what the digest is taken of.
    pub fn line(&self) -> &'b str {
        self.batch.text.get(self.part.line.0..self.part.line.1).unwrap_or_default()
    }

    /// Its fields in the order of columns.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Cow<'b, str>> {
        let (batch, n_columns) = (self.batch, self.batch.layout.columns.len());
        let first = self.index * n_columns;
        let places = batch.places.get(first..first + n_columns).unwrap_or_default();
        places.iter().map(move |place| place.of(&batch.text))
    }

    /// One field; empty past the last column.
    pub fn field(&self, column: usize) -> Cow<'b, str> {
        self.fields().nth(column).unwrap_or_default()
    }

    /// What is wrong with its fields and between them.
    pub fn field_issues(&self) -> &'b [RowIssue<'l>] {
        self.batch.issues.get(self.part.issues.0..self.part.issues.1).unwrap_or_default()
    }

    /// What is wrong with its key among the keys before it.
    pub fn key_issue(&self) -> Option<KeyIssue> {
        self.part.key_issue
    }

    /// True when more than warnings are wrong with it.
    pub fn has_error(&self) -> bool {
        self.part.key_issue.is_some()
            || self.field_issues().iter().any(|issue| issue.severity == Severity::Error)
    }

    /// Everything that is wrong with it: by column, then between columns, then its key.
    pub fn issues(&self) -> impl Iterator<Item = InputIssue> {
        let (row_no, layout) = (self.row_no(), self.batch.layout);
        let of_fields = self.field_issues().iter().map(move |issue| {
            if issue.rule == WRONG_TEXT {
                let detail = format!("column {} is a fixed text", issue.column + 1);
                return InputIssue::of_row(row_no, WRONG_TEXT, detail);
            }
            InputIssue {
                row: row_no,
                column: column_name(layout, issue.column).to_owned(),
                rule: issue.rule.to_owned(),
                detail: String::new(),
                is_warning: issue.severity == Severity::Warning,
            }
        });
        let of_key = self.key_issue().map(|issue| InputIssue::of_row(row_no, issue.as_str(), String::new()));
        of_fields.chain(of_key)
    }
}

/// Shows place and shape only: the content may be personal.
impl std::fmt::Debug for JudgedRow<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JudgedRow")
            .field("row_no", &self.row_no())
            .field("is_removed", &self.is_removed())
            .field("issues", &self.field_issues())
            .finish_non_exhaustive()
    }
}
