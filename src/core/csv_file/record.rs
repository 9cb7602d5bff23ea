//! One record as it stands in the reader's buffer.

use std::borrow::Cow;

use memchr::memchr;

use super::split::Span;

/// A record that keeps all rules; it lives until the reader is asked for the next one.
#[derive(Clone, Copy)]
pub struct Record<'r> {
    pub(super) line: &'r [u8],
    pub(super) spans: &'r [Span],
    pub(super) row_no: u64,
    pub(super) byte_offset: u64,
}

impl<'r> Record<'r> {
    /// The bytes of the line without its newline: what a row's fingerprint is taken over.
    pub fn line(&self) -> &'r [u8] {
        self.line
    }

    /// The number of columns, at least 1.
    pub fn n_fields(&self) -> usize {
        self.spans.len()
    }

    /// The value of column `index` (from 0), doubled quotation marks halved; empty past the last column.
    pub fn field(&self, index: usize) -> Cow<'r, [u8]> {
        self.spans.get(index).map_or_else(Cow::default, |span| value(self.line, *span))
    }

    /// All values in order.
    pub fn fields(&self) -> impl Iterator<Item = Cow<'r, [u8]>> {
        let line = self.line;
        self.spans.iter().map(move |span| value(line, *span))
    }

    /// All values in order as text; `None` where the line is not UTF-8. It is looked at once, not field by
    /// field: quotation marks and commas are ASCII, so each field of a good line is good.
    pub fn texts(&self) -> Option<impl Iterator<Item = Cow<'r, str>>> {
        let line = std::str::from_utf8(self.line).ok()?;
        Some(self.spans.iter().map(move |span| {
            let content = line.get(span.start..span.end).unwrap_or_default();
            if span.has_doubled { Cow::Owned(content.replace("\"\"", "\"")) } else { Cow::Borrowed(content) }
        }))
    }

    /// Where each column's value lies in [`Record::line`], without its quotation marks.
    pub fn places(&self) -> impl ExactSizeIterator<Item = FieldPlace> + 'r {
        self.spans.iter().map(|span| FieldPlace {
            start: span.start,
            end: span.end,
            has_doubled: span.has_doubled,
        })
    }

    /// Column `index` (from 0) as it stands in the file, with its quotation marks; empty past the last.
    pub fn raw_field(&self, index: usize) -> &'r [u8] {
        let range = self.spans.get(index).map(|span| {
            let margin = usize::from(span.is_quoted);
            span.start - margin..span.end + margin
        });
        range.and_then(|range| self.line.get(range)).unwrap_or_default()
    }

    /// True when column `index` (from 0) stands in quotation marks.
    pub fn is_quoted(&self, index: usize) -> bool {
        self.spans.get(index).is_some_and(|span| span.is_quoted)
    }

    /// The line of the file, from 1; a header is line 1.
    pub fn row_no(&self) -> u64 {
        self.row_no
    }

    /// Where in the file the record begins, from 0; a byte order mark counts.
    pub fn byte_offset(&self) -> u64 {
        self.byte_offset
    }
}

/// Where a column's value lies in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldPlace {
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// Quotation marks in it stand doubled.
    pub has_doubled: bool,
}

/// Shows place and shape only: the content may be personal.
impl std::fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record")
            .field("row_no", &self.row_no)
            .field("byte_offset", &self.byte_offset)
            .field("n_fields", &self.spans.len())
            .finish_non_exhaustive()
    }
}

fn value(line: &[u8], span: Span) -> Cow<'_, [u8]> {
    let content = line.get(span.start..span.end).unwrap_or_default();
    if span.has_doubled { Cow::Owned(halve_quotes(content)) } else { Cow::Borrowed(content) }
}

fn halve_quotes(mut content: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(content.len());
    while let Some(place) = memchr(b'"', content) {
        value.extend_from_slice(content.get(..=place).unwrap_or_default());
        content = content.get(place + 2..).unwrap_or_default();
    }
    value.extend_from_slice(content);
    value
}
