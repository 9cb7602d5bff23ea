//! Records of a block of whole lines that is in memory: what the threads that judge a file share out.

use memchr::{memchr, memrchr};

use super::form::{Accept, Limits, Newline};
use super::issue::{Issue, Rule};
use super::record::Record;
use super::split::{Flaw, Span, count_quoted, split, split_first};

/// Reads the records of a block. It gives what [`super::RecordReader`] gives for a file that is the block
/// and nothing else, but takes no byte order mark off and copies nothing.
pub struct BlockRecords<'b> {
    block: &'b [u8],
    accept: Accept,
    limits: Limits,
    spans: Vec<Span>,
    row_no: u64,
    /// Where the next line begins.
    place: usize,
    /// Where in the file the block begins.
    byte_offset: u64,
}

impl<'b> BlockRecords<'b> {
    /// A reader of `block`, which begins at `byte_offset` of its file. Rows count from 1 in each block.
    pub fn new(block: &'b [u8], byte_offset: u64, accept: Accept, limits: Limits) -> Self {
        let spans = Vec::new();
        Self { block, accept, limits, spans, row_no: 0, place: 0, byte_offset }
    }

    /// Lines given so far.
    pub fn n_lines(&self) -> u64 {
        self.row_no
    }

    /// Where in the block the next line begins.
    pub fn next_line_start(&self) -> usize {
        self.place
    }

    /// The next record, or what is wrong with its line; `None` at the end of the block.
    pub fn next_record(&mut self) -> Option<Result<Record<'_>, Issue>> {
        match self.next_line()? {
            Ok(line) => Some(self.record(line)),
            Err(issue) => Some(Err(issue)),
        }
    }

    /// The next line, of which nothing is known but that it ends and is no longer than a record may be; `None` at the
    /// end of the block.
    pub fn next_line(&mut self) -> Option<Result<Line<'b>, Issue>> {
        let rest = self.block.get(self.place..).filter(|rest| !rest.is_empty())?;
        self.row_no += 1;
        let (row_no, byte_offset) = (self.row_no, self.byte_offset + self.place as u64);
        let refused = |place: usize, rule| {
            Some(Err(Issue { row_no, column: 1, byte_offset: byte_offset + place as u64, rule }))
        };
        let Some(length) = memchr(b'\n', rest) else {
            self.place = self.block.len();
            // One byte more than the limit may be the CR of a newline that was cut off.
            if rest.len() > self.limits.record_bytes.saturating_add(1) {
                return refused(self.limits.record_bytes, Rule::RecordTooLong);
            }
            return refused(rest.len(), Rule::MissingFinalNewline);
        };
        self.place += length + 1;
        let with_cr = rest.get(..length).unwrap_or_default();
        let (bytes, newline) = match with_cr.strip_suffix(b"\r") {
            Some(line) => (line, Newline::CrLf),
            None => (with_cr, Newline::Lf),
        };
        if bytes.len() > self.limits.record_bytes {
            return refused(self.limits.record_bytes, Rule::RecordTooLong);
        }
        Some(Ok(Line { bytes, newline, row_no, byte_offset }))
    }

    /// A line as a record, or what is wrong with it.
    pub fn record<'r>(&'r mut self, line: Line<'r>) -> Result<Record<'r>, Issue> {
        let Line { bytes, newline, row_no, byte_offset } = line;
        let refused = |place: usize, column, rule| {
            Err(Issue { row_no, column, byte_offset: byte_offset + place as u64, rule })
        };
        if let Err(Flaw { column, place, rule }) =
            split(bytes, self.accept, self.limits.columns, &mut self.spans)
        {
            return refused(place, column, rule);
        }
        if self.accept.newline.is_some_and(|accepted| accepted != newline) {
            return refused(bytes.len(), self.spans.len(), Rule::WrongNewline);
        }
        Ok(Record { line: bytes, spans: &self.spans, row_no, byte_offset })
    }

    /// The first `n_columns` columns of a line as if they were a record; the rest is not looked at. `None` where the
    /// line has fewer, or something in them is wrong.
    pub fn first_columns<'r>(&'r mut self, line: Line<'r>, n_columns: usize) -> Option<Record<'r>> {
        split_first(line.bytes, self.accept, n_columns, &mut self.spans).then_some(Record {
            line: line.bytes,
            spans: &self.spans,
            row_no: line.row_no,
            byte_offset: line.byte_offset,
        })
    }
}

/// A line of a block, not yet split.
#[derive(Clone, Copy)]
pub struct Line<'b> {
    bytes: &'b [u8],
    newline: Newline,
    row_no: u64,
    byte_offset: u64,
}

impl<'b> Line<'b> {
    /// Its bytes without the newline.
    pub fn bytes(&self) -> &'b [u8] {
        self.bytes
    }

    /// How many fields it has, where every one is quoted and holds no quotation mark, so that nothing is wrong with any;
    /// `None` where only splitting tells.
    pub fn n_quoted_fields(&self) -> Option<usize> {
        count_quoted(self.bytes)
    }

    /// The field that has so many after it, of a line whose fields are all quoted and hold no quotation mark.
    pub fn quoted_field_before(&self, n_after: usize) -> Option<&'b [u8]> {
        let mut rest = self.bytes;
        for _ in 0..2 * n_after {
            rest = rest.get(..memrchr(b'"', rest)?)?;
        }
        let with_mark = rest.get(..memrchr(b'"', rest)?)?;
        with_mark.get(memrchr(b'"', with_mark)? + 1..)
    }

    /// Where in the file it begins, from 0.
    pub fn byte_offset(&self) -> u64 {
        self.byte_offset
    }
}

/// Shows place and length only: the content may be personal.
impl std::fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line")
            .field("row_no", &self.row_no)
            .field("byte_offset", &self.byte_offset)
            .field("n_bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::super::{ReadError, RecordReader};
    use super::*;

    /// Lines as fields or as the issue.
    fn of_block(file: &[u8], accept: Accept, limits: Limits) -> Vec<Result<Vec<Vec<u8>>, Issue>> {
        let mut records = BlockRecords::new(file, 0, accept, limits);
        let mut lines = Vec::new();
        while let Some(record) = records.next_record() {
            lines.push(record.map(|record| {
                let places = record.places().map(|place| record.line()[place.start..place.end].to_vec());
                let raw: Vec<Vec<u8>> = places.collect();
                assert_eq!(raw.len(), record.n_fields());
                record.fields().map(Cow::into_owned).collect()
            }));
            let next = records.next_line_start();
            assert!(next == file.len() || file[next - 1] == b'\n');
        }
        assert_eq!(records.n_lines(), lines.len() as u64);
        lines
    }

    fn of_stream(file: &[u8], accept: Accept, limits: Limits) -> Vec<Result<Vec<Vec<u8>>, Issue>> {
        let mut reader = RecordReader::with_limits(file, accept, limits);
        let mut lines = Vec::new();
        loop {
            match reader.next_record() {
                Ok(None) => return lines,
                Ok(Some(record)) => {
                    lines.push(Ok(record.fields().map(Cow::into_owned).collect()));
                }
                Err(ReadError::Refused(issue)) => lines.push(Err(issue)),
                Err(ReadError::Unreadable(error)) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn fields_are_found_from_the_end_too() {
        let fields = ["", "a,b", "", "あ", "c"];
        let text = format!("\"{}\"\r\n", fields.join("\",\""));
        let mut records = BlockRecords::new(text.as_bytes(), 0, Accept::default(), Limits::default());
        let line = records.next_line().unwrap().unwrap();
        assert_eq!(line.n_quoted_fields(), Some(fields.len()));
        for (n_after, field) in fields.iter().rev().enumerate() {
            assert_eq!(line.quoted_field_before(n_after), Some(field.as_bytes()));
        }
        assert_eq!(line.quoted_field_before(fields.len()), None);
    }

    proptest! {
        #[test]
        fn a_block_gives_what_a_stream_gives(
            file in "([a あ,]|\"\"|\"a\",|\"\",|\"|\r\n|\n|\r|\0){0,24}\n?",
            newline in prop::option::of(prop::sample::select(vec![Newline::CrLf, Newline::Lf])),
            record_bytes in prop::sample::select(vec![3_usize, 1 << 20]),
        ) {
            let (accept, limits) = (Accept { newline, quote: None }, Limits { record_bytes, columns: 5 });
            let file = file.as_bytes();
            prop_assert_eq!(of_block(file, accept, limits), of_stream(file, accept, limits));
        }

        #[test]
        fn first_columns_are_those_of_the_record(
            line in "([a あ,]|\"\"|\"a\",|\"\",|\"|\r|\0){0,24}\n",
            n_columns in 1_usize..5,
        ) {
            let mut records = BlockRecords::new(line.as_bytes(), 0, Accept::default(), Limits::default());
            let line = records.next_line().unwrap().unwrap();
            let fields = |record: Record<'_>| record.fields().map(Cow::into_owned).collect::<Vec<_>>();
            let whole = records.record(line).map(fields);
            let first = records.first_columns(line, n_columns).map(fields);
            if let Ok(whole) = whole {
                prop_assert_eq!(first.as_deref(), whole.get(..n_columns));
            }
        }
    }
}
