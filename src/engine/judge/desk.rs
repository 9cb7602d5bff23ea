//! Judging one block: split, decode, check, digest.

use std::borrow::Cow;
use std::string::FromUtf8Error;

use renkei_core::csv_file::{Accept, BlockRecords, Issue as CsvIssue, Limits, Record};
use renkei_core::layout::{FileFormat, HeaderRow};
use renkei_core::row_check::{RowChecker, RowMark};
use renkei_core::state::{RowDigest, bucket_of};
use renkei_core::text::{CharacterSet, Encoding, has_control};

use super::batch::{JudgedBatch, Place, RowPart};
use super::block::Block;
use super::line_issue::LineIssue;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What a thread needs to judge blocks of a file.
pub(super) struct Desk<'j, 'l> {
    pub(super) checker: &'j RowChecker<'l>,
    pub(super) format: FileFormat,
    pub(super) limits: Limits,
}

impl<'l> Desk<'_, 'l> {
    /// Judges a block. Rows are counted from the block's start.
    pub(super) fn judge(&self, block: Block) -> JudgedBatch<'l> {
        let mut batch = JudgedBatch {
            layout: self.checker.layout(),
            text: String::new(),
            rows: Vec::new(),
            places: Vec::new(),
            keys: Vec::new(),
            issues: Vec::new(),
            refused: Vec::new(),
            n_lines: 0,
            n_lines_before: 0,
        };
        let Block { mut bytes, mut byte_offset, is_first } = block;
        if is_first {
            let n_bytes = self.start(&bytes, &mut batch);
            bytes.drain(..n_bytes);
            byte_offset += n_bytes as u64;
        }
        let is_utf8 = matches!(self.format.encoding, Encoding::Utf8 | Encoding::Utf8Bom);
        // As a whole where that is possible: one look at all bytes, and nothing copied.
        let whole =
            if is_utf8 { String::from_utf8(bytes).map_err(FromUtf8Error::into_bytes) } else { Err(bytes) };
        match whole {
            Ok(text) => self.rows(text, byte_offset, None, &mut batch),
            Err(bytes) => {
                let (text, row_nos) = self.decode(&bytes, byte_offset, &mut batch);
                let n_lines = batch.n_lines;
                self.rows(text, byte_offset, Some(&row_nos), &mut batch);
                batch.n_lines = n_lines;
                batch.refused.sort_by_key(LineIssue::row_no);
            }
        }
        batch
    }

    /// Byte order mark and header row; how many bytes they take.
    fn start(&self, bytes: &[u8], batch: &mut JudgedBatch<'l>) -> usize {
        let has_mark = bytes.starts_with(BYTE_ORDER_MARK);
        let n_mark = if has_mark { BYTE_ORDER_MARK.len() } else { 0 };
        let mut records = BlockRecords::new(
            bytes.get(n_mark..).unwrap_or_default(),
            n_mark as u64,
            self.accept(),
            self.limits,
        );
        let expects_mark = self.format.encoding == Encoding::Utf8Bom;
        let what = if expects_mark { "the byte order mark is missing" } else { "there is a byte order mark" };
        let wrong_mark = (has_mark != expects_mark && !bytes.is_empty()).then_some(LineIssue::Start { what });
        if self.format.header == HeaderRow::None {
            batch.refused.extend(wrong_mark);
            return n_mark;
        }
        let found = match records.next_record() {
            None => Some(LineIssue::Start { what: "the file is empty; at least its header row is missing" }),
            Some(Err(issue)) => Some(LineIssue::Csv(issue)),
            Some(Ok(record)) => self.header_issue(&record).or(wrong_mark),
        };
        batch.refused.extend(found);
        batch.n_lines = records.n_lines();
        n_mark + records.next_line_start()
    }

    fn header_issue(&self, record: &Record<'_>) -> Option<LineIssue> {
        let names: Vec<&str> = self.checker.layout().headers(self.format.header)?.collect();
        if record.n_fields() != names.len() {
            return Some(LineIssue::Columns { row_no: 1, found: record.n_fields(), expected: names.len() });
        }
        let characters = CharacterSet::new(self.format.encoding, None);
        let is_other =
            |(field, name): (Cow<'_, [u8]>, &str)| characters.decode(&field).ok().as_deref() != Some(name);
        let column = record.fields().zip(names).position(is_other)? + 1;
        Some(LineIssue::Header { column })
    }

    /// Every line that is one and is text, and its row; the others are refused.
    fn decode(&self, bytes: &[u8], byte_offset: u64, batch: &mut JudgedBatch<'l>) -> (String, Vec<u64>) {
        let characters = CharacterSet::new(self.format.encoding, None);
        let mut records = BlockRecords::new(bytes, byte_offset, self.accept(), self.limits);
        let n_before = batch.n_lines;
        // CP932 needs two bytes where UTF-8 needs three.
        let mut text = String::with_capacity(bytes.len() + bytes.len() / 2);
        let mut row_nos = Vec::new();
        while let Some(record) = records.next_record() {
            let decoded = record.map_err(LineIssue::Csv).and_then(|record| {
                let row_no = record.row_no();
                let line = characters.decode(record.line());
                line.map(|line| (row_no, line))
                    .map_err(|error| LineIssue::NotText { row_no, byte_offset: error.offset })
            });
            match decoded {
                Ok((row_no, line)) => {
                    text.push_str(&line);
                    text.push('\n');
                    row_nos.push(row_no + n_before);
                }
                Err(mut issue) => {
                    issue.move_down(n_before);
                    batch.refused.push(issue);
                }
            }
        }
        batch.n_lines += records.n_lines();
        (text, row_nos)
    }

    /// The rows of a text; `row_nos` says which rows its lines are, where some were left out.
    fn rows(&self, text: String, byte_offset: u64, row_nos: Option<&[u64]>, batch: &mut JudgedBatch<'l>) {
        let n_before = batch.n_lines;
        // What was left out before kept the rules of quoting and newlines.
        let accept = if row_nos.is_some() { Accept::default() } else { self.accept() };
        // A character of CP932 takes up to three bytes here, and the line was within its limit.
        let limits = Limits { record_bytes: self.limits.record_bytes.saturating_mul(3), ..self.limits };
        let limits = if row_nos.is_some() { limits } else { self.limits };
        let mut records = BlockRecords::new(text.as_bytes(), byte_offset, accept, limits);
        let expected = self.checker.columns().len();
        let mut fields: Vec<Cow<'_, str>> = Vec::with_capacity(expected);
        while let Some(record) = records.next_record() {
            let row_no = |row_no: u64| match row_nos {
                None => row_no + n_before,
                Some(row_nos) => {
                    let index = usize::try_from(row_no - 1).unwrap_or(usize::MAX);
                    row_nos.get(index).copied().unwrap_or(0)
                }
            };
            let record = match record {
                Ok(record) => record,
                Err(issue) => {
                    batch.refused.push(LineIssue::Csv(CsvIssue { row_no: row_no(issue.row_no), ..issue }));
                    continue;
                }
            };
            let (row_no, n_bytes, found) = (row_no(record.row_no()), record.line().len(), record.n_fields());
            if found != expected {
                batch.refused.push(LineIssue::Columns { row_no, found, expected });
                continue;
            }
            let first_place = batch.places.len();
            let spans = record.places();
            let line_start = record.byte_offset() - byte_offset;
            let line_start = usize::try_from(line_start).unwrap_or(usize::MAX);
            batch.places.extend(spans.map(|place| Place::new(line_start, place)));
            fields.clear();
            let places = batch.places.get(first_place..).unwrap_or_default();
            if places.iter().any(|place| place.has_doubled()) {
                fields.extend(places.iter().map(|place| place.of(&text)));
            } else {
                // Nearly all rows; without the other case the fields are written where they stay.
                fields.extend(places.iter().map(|place| Cow::Borrowed(place.raw(&text))));
            }
            let line = (line_start, line_start + n_bytes);
            if let Err(issue) = self.row(row_no, line, &text, &fields, batch) {
                batch.refused.push(issue);
                batch.places.truncate(first_place);
            }
        }
        batch.n_lines += records.n_lines();
        drop(fields);
        digest(&text, batch);
        batch.text = text;
    }

    fn row(
        &self,
        row_no: u64,
        line: (usize, usize),
        text: &str,
        fields: &[Cow<'_, str>],
        batch: &mut JudgedBatch<'l>,
    ) -> Result<(), LineIssue> {
        let is_removed = match self.checker.mark(fields) {
            RowMark::Present => false,
            RowMark::Removed => true,
            RowMark::Unknown { column } => return Err(LineIssue::Mark { row_no, column: column + 1 }),
        };
        let (first_key, first_issue) = (batch.keys.len(), batch.issues.len());
        for (index, field) in self.checker.key(fields).enumerate() {
            if index > 0 {
                batch.keys.push(0x1f);
            }
            batch.keys.extend_from_slice(field.as_bytes());
        }
        if text.get(line.0..line.1).is_some_and(has_control) {
            self.checker.check(fields, &mut batch.issues);
        } else {
            self.checker.check_clean(fields, &mut batch.issues);
        }
        let key = batch.keys.get(first_key..).unwrap_or_default();
        batch.rows.push(RowPart {
            row_no,
            line,
            // The fields are joined as the rule of buckets joins them.
            bucket: bucket_of([key]),
            key: (first_key, batch.keys.len()),
            issues: (first_issue, batch.issues.len()),
            digest: RowDigest([0; 32]),
            is_removed,
            key_issue: None,
        });
        Ok(())
    }

    fn accept(&self) -> Accept {
        Accept { newline: Some(self.format.newline), quote: Some(self.format.quote) }
    }
}

/// Digests all rows at once, which is faster than one after the other.
fn digest(text: &str, batch: &mut JudgedBatch<'_>) {
    let lines: Vec<&[u8]> = batch
        .rows
        .iter()
        .map(|row| text.get(row.line.0..row.line.1).unwrap_or_default().as_bytes())
        .collect();
    for (row, digest) in batch.rows.iter_mut().zip(RowDigest::of_all(&lines)) {
        row.digest = digest;
    }
}
