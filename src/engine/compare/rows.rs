//! From lines to hashes, and to fields where rows are read again.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use renkei_core::csv_file::{Accept, BlockRecords, Limits, Quote, Record};
use renkei_core::layout::{FileFormat, HeaderRow, Layout, Removal};
use renkei_core::text::{CharacterSet, Encoding};

use super::index::RowHash;
use super::merge::OrderedRow;
use super::scan::Scanned;
use crate::intake::InputIssue;
use crate::judge::block::Block;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Secrets of one comparison.
pub(super) struct Hashes {
    upper: RandomState,
    lower: RandomState,
    content: RandomState,
}

impl Hashes {
    pub(super) fn new() -> Self {
        Self { upper: RandomState::new(), lower: RandomState::new(), content: RandomState::new() }
    }
}

/// Takes a row with its key.
type TakeRow<'t, T> = dyn FnMut(&Record<'_>, &[u8], &mut Scanned<T>) + 't;

/// Reads the rows of one side.
pub(super) struct RowReader<'r> {
    layout: &'r Layout,
    format: FileFormat,
    hashes: &'r Hashes,
    /// Lines of both sides are the same bytes exactly when the rows are the same.
    by_line: bool,
}

impl<'r> RowReader<'r> {
    pub(super) fn new(layout: &'r Layout, format: FileFormat, other: FileFormat, hashes: &'r Hashes) -> Self {
        // A field that need not be quoted may be.
        let by_line =
            format.encoding == other.encoding && format.quote == other.quote && format.quote != Quote::Needed;
        Self { layout, format, hashes, by_line }
    }

    /// The hashes of a block's rows.
    pub(super) fn hash(&self, block: &Block, base: u64, out: &mut Scanned<RowHash>) {
        self.each(block, out, &mut |record, key, out| {
            let upper = u128::from(self.hashes.upper.hash_one(key));
            let key = upper << 64 | u128::from(self.hashes.lower.hash_one(key));
            out.rows.push(RowHash { key, content: self.content(record), at: base + record.byte_offset() });
        });
    }

    /// A block's rows with their keys as they stand.
    pub(super) fn ordered(&self, block: &Block, base: u64, out: &mut Scanned<OrderedRow>) {
        self.each(block, out, &mut |record, key, out| {
            let (key, at) = (key.to_vec(), base + record.byte_offset());
            out.rows.push(OrderedRow { key, content: self.content(record), at });
        });
    }

    fn content(&self, record: &Record<'_>) -> u64 {
        if self.by_line {
            return self.hashes.content.hash_one(record.line());
        }
        let mut hasher = self.hashes.content.build_hasher();
        for field in record.fields() {
            hasher.write(self.text(&field).as_bytes());
            hasher.write_u8(0x1f);
        }
        hasher.finish()
    }

    /// The fields of the row that a line is; what comes after the line is not looked at.
    pub(super) fn fields_of(&self, line: &[u8]) -> Option<Vec<String>> {
        let mut records = BlockRecords::new(line, 0, Accept::default(), Limits::default());
        let record = records.next_record()?.ok()?;
        Some(record.fields().map(|field| self.text(&field).into_owned()).collect())
    }

    /// Every row that is there, with its key. What is no row is an issue.
    fn each<T>(&self, block: &Block, out: &mut Scanned<T>, take: &mut TakeRow<'_, T>) {
        let mut bytes = block.bytes.as_slice();
        if block.is_first {
            bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        }
        let byte_offset = block.byte_offset + (block.bytes.len() - bytes.len()) as u64;
        let mut records = BlockRecords::new(bytes, byte_offset, Accept::default(), Limits::default());
        let mut is_header = block.is_first && self.format.header != HeaderRow::None;
        let expected = self.layout.columns.len();
        let mut key = Vec::new();
        while let Some(record) = records.next_record() {
            let is_skipped = std::mem::take(&mut is_header);
            match record {
                Ok(_) if is_skipped => {}
                Ok(record) if record.n_fields() != expected => {
                    let detail = format!("{} columns instead of {expected}", record.n_fields());
                    out.issues.push(InputIssue::of_row(record.row_no(), "wrong-columns", detail));
                }
                Ok(record) if self.is_removed(&record) => {}
                Ok(record) => {
                    key.clear();
                    for at in &self.layout.key_columns {
                        let field = record.field(*at);
                        key.extend_from_slice(self.text(&field).as_bytes());
                        key.push(0x1f);
                    }
                    take(&record, &key, out);
                }
                Err(issue) => {
                    out.issues.push(InputIssue::of_row(issue.row_no, issue.rule.as_str(), String::new()));
                }
            }
        }
        out.n_lines = records.n_lines();
    }

    fn is_removed(&self, record: &Record<'_>) -> bool {
        self.layout
            .removal
            .as_ref()
            .is_some_and(|Removal { column, removed, .. }| *record.field(*column) == *removed.as_bytes())
    }

    /// A field as text, so that sides in different encodings compare. What is no text differs from any text, and
    /// conformance says what it is.
    fn text<'f>(&self, field: &'f [u8]) -> Cow<'f, str> {
        match self.format.encoding {
            Encoding::Cp932 => CharacterSet::new(Encoding::Cp932, None)
                .decode(field)
                .map_or_else(|_| String::from_utf8_lossy(field), |text| Cow::Owned(text.into_owned())),
            Encoding::Utf8 | Encoding::Utf8Bom => String::from_utf8_lossy(field),
        }
    }
}
