//! Records of fixed length: so many bytes for each column, and a newline after each record or none.
//!
//! Reads in memory that does not grow with the file. A column is a piece of bytes; it becomes text by itself, so that a
//! character that lies across two columns is seen and not read as something else.

use std::io::{ErrorKind, Read};

use memchr::memchr;

use crate::csv_file::{Issue, Newline, ReadError, Rule};

/// How records of fixed length are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedForm {
    /// The bytes of each column, in the source's encoding; none is 0.
    pub widths: Vec<usize>,
    /// What stands after each record.
    pub ending: Ending,
}

/// What stands after a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// This newline.
    Newline(Newline),
    /// Nothing: the next record follows.
    None,
}

impl FixedForm {
    /// The bytes of a record, without its newline.
    pub fn record_bytes(&self) -> usize {
        self.widths.iter().sum()
    }

    /// The columns of a record, each as its bytes with where they begin.
    pub(super) fn split<'r>(&self, record: &'r [u8]) -> impl Iterator<Item = (usize, &'r [u8])> {
        self.widths.iter().scan(0, move |start, width| {
            let at = *start;
            *start += width;
            Some((at, record.get(at..at + width).unwrap_or_default()))
        })
    }
}

/// One record, or what was found in its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'r> {
    /// As long as it is to be.
    Record(&'r [u8]),
    /// A line of so many bytes, or a rest at the end.
    OtherLength(usize),
}

const BUFFER_BYTES: usize = 64 << 10;

/// Reads records.
pub(super) struct FixedReader<R> {
    source: R,
    ending: Ending,
    record_bytes: usize,
    buffer: Vec<u8>,
    /// What of the buffer was read and not given out.
    unread: std::ops::Range<usize>,
    row_no: u64,
    byte_offset: u64,
    is_at_end: bool,
}

impl<R: Read> FixedReader<R> {
    pub(super) fn new(source: R, form: &FixedForm) -> Self {
        let record_bytes = form.record_bytes();
        Self {
            source,
            ending: form.ending,
            record_bytes,
            buffer: vec![0; BUFFER_BYTES.max(2 * (record_bytes + 2))],
            unread: 0..0,
            row_no: 0,
            byte_offset: 0,
            is_at_end: false,
        }
    }

    /// Lines given so far.
    pub(super) fn row_no(&self) -> u64 {
        self.row_no
    }

    /// The next record; `None` at the end. After a refusal the next call goes on with the next line.
    pub(super) fn next_record(&mut self) -> Result<Option<Found<'_>>, ReadError> {
        let taken = match self.ending {
            Ending::None => self.piece()?,
            Ending::Newline(newline) => self.line(newline)?,
        };
        Ok(taken.map(|(range, n_bytes)| match self.buffer.get(range) {
            Some(record) if n_bytes == self.record_bytes => Found::Record(record),
            _ => Found::OtherLength(n_bytes),
        }))
    }

    /// The next bytes of a record's length, or the rest.
    fn piece(&mut self) -> Result<Option<(std::ops::Range<usize>, usize)>, ReadError> {
        self.fill(self.record_bytes)?;
        let n_bytes = self.unread.len().min(self.record_bytes);
        if n_bytes == 0 {
            return Ok(None);
        }
        self.row_no += 1;
        let start = self.unread.start;
        self.advance(n_bytes);
        Ok(Some((start..start + n_bytes, n_bytes)))
    }

    /// The next line without its newline; of one that is too long only the length.
    fn line(&mut self, newline: Newline) -> Result<Option<(std::ops::Range<usize>, usize)>, ReadError> {
        // A record with its newline, where all is well.
        let whole = self.record_bytes + newline.as_bytes().len();
        self.fill(whole)?;
        if self.unread.is_empty() {
            return Ok(None);
        }
        self.row_no += 1;
        let (row_no, line_offset) = (self.row_no, self.byte_offset);
        let refused = |n_bytes: usize, rule| {
            ReadError::Refused(Issue { row_no, column: 1, byte_offset: line_offset + n_bytes as u64, rule })
        };
        let start = self.unread.start;
        let head = self.buffer.get(self.unread.start..self.unread.end).unwrap_or_default();
        if let Some(lf) = memchr(b'\n', head) {
            let has_cr = lf.checked_sub(1).and_then(|last| head.get(last)) == Some(&b'\r');
            self.advance(lf + 1);
            let n_bytes = lf - usize::from(has_cr);
            if has_cr != (newline == Newline::CrLf) {
                return Err(refused(n_bytes, Rule::WrongNewline));
            }
            return Ok(Some((start..start + n_bytes, n_bytes)));
        }
        // Longer than any line may be, or cut off.
        let (mut n_bytes, mut has_cr) = (0, false);
        loop {
            let head = self.buffer.get(self.unread.start..self.unread.end).unwrap_or_default();
            let lf = memchr(b'\n', head);
            let rest = head.get(..lf.unwrap_or(head.len())).unwrap_or_default();
            if let Some(last) = rest.last() {
                has_cr = *last == b'\r';
            }
            n_bytes += rest.len();
            let n_passed = rest.len() + usize::from(lf.is_some());
            self.advance(n_passed);
            if lf.is_some() {
                let n_bytes = n_bytes - usize::from(has_cr);
                if has_cr != (newline == Newline::CrLf) {
                    return Err(refused(n_bytes, Rule::WrongNewline));
                }
                return Ok(Some((0..0, n_bytes)));
            }
            self.fill(1)?;
            if self.unread.is_empty() {
                return Err(refused(n_bytes, Rule::MissingFinalNewline));
            }
        }
    }

    fn advance(&mut self, n_bytes: usize) {
        self.unread.start += n_bytes;
        self.byte_offset += n_bytes as u64;
    }

    /// Reads on until `least` bytes are unread, or to the end.
    fn fill(&mut self, least: usize) -> Result<(), ReadError> {
        while self.unread.len() < least && !self.is_at_end {
            if self.unread.start > 0 {
                self.buffer.copy_within(self.unread.clone(), 0);
                self.unread = 0..self.unread.len();
            }
            let room = self.buffer.get_mut(self.unread.end..).unwrap_or_default();
            match self.source.read(room) {
                Ok(0) => self.is_at_end = true,
                Ok(n_read) => self.unread.end += n_read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(ReadError::Unreadable(error)),
            }
        }
        Ok(())
    }
}
