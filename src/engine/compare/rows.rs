//! From lines to hashes, and to fields where rows are read again.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, RandomState};

use highway::{HighwayHash as _, HighwayHasher, Key};
use renkei_core::csv_file::{Accept, BlockRecords, Limits, Line, Quote, Record};
use renkei_core::layout::{FileFormat, HeaderRow, Layout, Removal};
use renkei_core::text::{CharacterSet, Encoding};

use super::index::{Known, KnownRow, RowHash};
use super::merge::OrderedRow;
use super::scan::Scanned;
use crate::intake::InputIssue;
use crate::judge::block::Block;

/// Ends a field in a key.
const FIELD_END: u8 = 0x1f;
/// Stands in no UTF-8.
const NO_TEXT: u8 = 0xff;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Secrets of one comparison: without them nobody can make up rows that look the same.
pub(super) struct Hashes {
    key: Key,
    content: Key,
}

impl Hashes {
    pub(super) fn new() -> Self {
        let secret = RandomState::new();
        let key = |first: u64| Key([0, 1, 2, 3].map(|n| secret.hash_one(first + n)));
        Self { key: key(0), content: key(4) }
    }

    fn of_key(&self, key: &[u8]) -> u128 {
        let [lower, upper] = HighwayHasher::new(self.key).hash128(key);
        u128::from(upper) << 64 | u128::from(lower)
    }

    fn of_line(&self, line: &[u8]) -> u64 {
        HighwayHasher::new(self.content).hash64(line)
    }
}

/// Takes a row with its key.
type TakeRow<'t, T> = dyn FnMut(&Record<'_>, &[u8], &mut Vec<T>) + 't;

/// Gives what a line comes to where that needs no splitting.
type Unsplit<'u, T> = dyn FnMut(&mut BlockRecords<'_>, Line<'_>) -> Option<T> + 'u;

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
        let n_first = self.n_first();
        let mut key = Vec::new();
        let mut unsplit = |records: &mut BlockRecords<'_>, line: Line<'_>| {
            let n_columns = self.layout.columns.len();
            if !self.by_line || line.n_quoted_fields() != Some(n_columns) {
                return None;
            }
            if let Some(Removal { column, removed, .. }) = &self.layout.removal
                && line.quoted_field_before(n_columns.checked_sub(column + 1)?)? == removed.as_bytes()
            {
                // It is none of the rows; whoever splits it finds that too.
                return None;
            }
            self.key_of(&records.first_columns(line, n_first)?, &mut key);
            let (key, content) = (self.hashes.of_key(&key), self.hashes.of_line(line.bytes()));
            Some(RowHash { key, content, at: base + line.byte_offset() })
        };
        self.each(block, out, &mut unsplit, &mut |record, key, rows| {
            let (key, at) = (self.hashes.of_key(key), base + record.byte_offset());
            rows.push(RowHash { key, content: self.content(record), at });
        });
    }

    /// How many columns from the first hold the key.
    fn n_first(&self) -> usize {
        self.layout.key_columns.iter().max().map_or(0, |last| last + 1)
    }

    /// The hashes of a block's rows, with what the other side knows of their keys.
    pub(super) fn meet(
        &self,
        known: &Known,
        block: &Block,
        base: u64,
        out: &mut Scanned<(RowHash, Option<KnownRow>)>,
    ) {
        let n_first = self.n_first();
        let mut key = Vec::new();
        let mut unsplit = |records: &mut BlockRecords<'_>, line: Line<'_>| {
            if !self.by_line {
                return None;
            }
            self.key_of(&records.first_columns(line, n_first)?, &mut key);
            let (key, content) = (self.hashes.of_key(&key), self.hashes.of_line(line.bytes()));
            let row = RowHash { key, content, at: base + line.byte_offset() };
            // The same bytes were found to be a row there.
            let same = known.find(key).filter(|known| known.content == content)?;
            Some((row, Some(same)))
        };
        self.each(block, out, &mut unsplit, &mut |record, key, rows| {
            let (key, at) = (self.hashes.of_key(key), base + record.byte_offset());
            rows.push((RowHash { key, content: self.content(record), at }, known.find(key)));
        });
    }

    /// A block's rows with their keys as they stand.
    pub(super) fn ordered(&self, block: &Block, base: u64, out: &mut Scanned<OrderedRow>) {
        self.each(block, out, &mut |_, _| None, &mut |record, key, rows| {
            let (key, at) = (key.to_vec(), base + record.byte_offset());
            rows.push(OrderedRow { key, content: self.content(record), at });
        });
    }

    fn content(&self, record: &Record<'_>) -> u64 {
        if self.by_line {
            return self.hashes.of_line(record.line());
        }
        let mut hasher = HighwayHasher::new(self.hashes.content);
        for field in record.fields() {
            let value = self.value(&field);
            hasher.append(&(value.len() as u64).to_le_bytes());
            hasher.append(&value);
        }
        hasher.finalize64()
    }

    /// What two rows have in common that are the same row.
    pub(super) fn key_of(&self, record: &Record<'_>, key: &mut Vec<u8>) {
        key.clear();
        for at in &self.layout.key_columns {
            let field = record.field(*at);
            // The order of keys is that of their fields, and no field runs into the next: what ends one is not in it.
            for byte in self.value(&field).iter() {
                key.push(*byte);
                if *byte == FIELD_END {
                    key.push(1);
                }
            }
            key.extend_from_slice(&[FIELD_END, 0]);
        }
    }

    /// The fields of the row that a line is; what comes after the line is not looked at.
    pub(super) fn fields_of(&self, line: &[u8]) -> Option<Vec<String>> {
        let mut records = BlockRecords::new(line, 0, Accept::default(), Limits::default());
        let record = records.next_record()?.ok()?;
        Some(record.fields().map(|field| self.text(&field).into_owned()).collect())
    }

    /// Every row that is there, with its key, or as `unsplit` has it. What is no row is an issue.
    fn each<T>(
        &self,
        block: &Block,
        out: &mut Scanned<T>,
        unsplit: &mut Unsplit<'_, T>,
        take: &mut TakeRow<'_, T>,
    ) {
        let mut bytes = block.bytes.as_slice();
        if block.is_first {
            bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        }
        let byte_offset = block.byte_offset + (block.bytes.len() - bytes.len()) as u64;
        let mut records = BlockRecords::new(bytes, byte_offset, Accept::default(), Limits::default());
        let mut is_header = block.is_first && self.format.header != HeaderRow::None;
        let expected = self.layout.columns.len();
        let mut key = Vec::new();
        while let Some(line) = records.next_line() {
            let is_skipped = std::mem::take(&mut is_header);
            if let (Ok(line), false) = (line, is_skipped)
                && let Some(row) = unsplit(&mut records, line)
            {
                out.rows.push(row);
                continue;
            }
            match line.and_then(|line| records.record(line)) {
                Ok(_) if is_skipped => {}
                Ok(record) if record.n_fields() != expected => {
                    let detail = format!("{} columns instead of {expected}", record.n_fields());
                    out.issues.push(InputIssue::of_row(record.row_no(), "wrong-columns", detail));
                }
                Ok(record) if self.is_removed(&record) => {}
                Ok(record) => {
                    self.key_of(&record, &mut key);
                    take(&record, &key, &mut out.rows);
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

    /// What a field is compared by: its text in UTF-8, or of what is no text its bytes behind one that no text has.
    fn value<'f>(&self, field: &'f [u8]) -> Cow<'f, [u8]> {
        let text = match self.format.encoding {
            Encoding::Cp932 => {
                CharacterSet::new(Encoding::Cp932, None).decode(field).ok().map(|text| match text {
                    Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                    Cow::Owned(text) => Cow::Owned(text.into_bytes()),
                })
            }
            Encoding::Utf8 | Encoding::Utf8Bom => {
                std::str::from_utf8(field).ok().map(|_| Cow::Borrowed(field))
            }
        };
        text.unwrap_or_else(|| Cow::Owned([&[NO_TEXT], field].concat()))
    }

    /// A field to be shown. Of what is no text the bytes are, so that it is not taken for a character that another side
    /// has; conformance says what it is.
    fn text<'f>(&self, field: &'f [u8]) -> Cow<'f, str> {
        let bytes = match self.value(field) {
            Cow::Borrowed(bytes) => return String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => bytes,
        };
        Cow::Owned(String::from_utf8(bytes).unwrap_or_else(|_| field.escape_ascii().to_string()))
    }
}
