//! Reads records one after the other from a stream, in memory that does not grow with the file.

use std::io::{self, ErrorKind, Read};
use std::ops::Range;

use memchr::memchr;

use super::form::{Accept, Limits, Newline};
use super::issue::{Issue, ReadError, Rule};
use super::record::Record;
use super::split::{Flaw, Span, split};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
const FIRST_BUFFER_BYTES: usize = 256 << 10;

/// A strict reader of records. Each line gives a record or the first issue on it; after an issue the next
/// call goes on with the next line, so all refused lines of a file can be listed. After the last line every
/// call gives `None`.
///
/// A UTF-8 byte order mark at the start is taken off in every encoding (in CP932 its first two bytes are no
/// character); whether it may be there is for the caller to judge by [`RecordReader::has_bom`].
pub struct RecordReader<R> {
    source: R,
    accept: Accept,
    limits: Limits,
    buffer: Vec<u8>,
    /// What was read and not yet given out.
    unread: Range<usize>,
    /// Bytes of `unread` known to have no LF.
    n_scanned: usize,
    spans: Vec<Span>,
    row_no: u64,
    /// Where in the file `unread` begins.
    byte_offset: u64,
    stage: Stage,
    has_bom: bool,
    is_at_end: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The byte order mark has not been looked for.
    Start,
    /// At the start of a line.
    Line,
    /// Within a line that was too long.
    Skip,
}

enum Line {
    /// Ends with the LF at this place of the buffer.
    Whole(usize),
    TooLong,
    /// The file ends before its newline.
    Cut,
    None,
}

impl<R: Read> RecordReader<R> {
    /// A reader with the default [`Limits`].
    pub fn new(source: R, accept: Accept) -> Self {
        Self::with_limits(source, accept, Limits::default())
    }

    /// A reader that takes records within `limits`; its buffer has 256 KiB or `limits.record_bytes`,
    /// whichever is more.
    pub fn with_limits(source: R, accept: Accept, limits: Limits) -> Self {
        Self {
            source,
            accept,
            limits,
            buffer: vec![0; FIRST_BUFFER_BYTES],
            unread: 0..0,
            n_scanned: 0,
            spans: Vec::new(),
            row_no: 0,
            byte_offset: 0,
            stage: Stage::Start,
            has_bom: false,
            is_at_end: false,
        }
    }

    /// What is read from.
    pub fn into_source(self) -> R {
        self.source
    }

    /// True when the file begins with a UTF-8 byte order mark; known once the first record was asked for.
    pub fn has_bom(&self) -> bool {
        self.has_bom
    }

    /// The next record, `None` at the end of the file. After [`ReadError::Refused`] the next call gives the
    /// next line; after [`ReadError::Unreadable`] it reads on where reading failed.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, ReadError> {
        self.settle()?;
        let record_offset = self.byte_offset;
        let found = self.find_line()?;
        if !matches!(found, Line::None) {
            self.row_no += 1;
        }
        let issue = |row_no, place: usize, column, rule| {
            ReadError::Refused(Issue { row_no, column, byte_offset: record_offset + place as u64, rule })
        };
        let lf = match found {
            Line::None => return Ok(None),
            Line::Whole(lf) => lf,
            Line::TooLong => {
                self.stage = Stage::Skip;
                return Err(issue(self.row_no, self.limits.record_bytes, 1, Rule::RecordTooLong));
            }
            Line::Cut => {
                let n_bytes = self.unread.len();
                self.advance(n_bytes);
                return Err(issue(self.row_no, n_bytes, 1, Rule::MissingFinalNewline));
            }
        };
        let start = self.unread.start;
        self.advance(lf + 1 - start);
        let with_cr = self.buffer.get(start..lf).unwrap_or_default();
        let (line, newline) = match with_cr.strip_suffix(b"\r") {
            Some(line) => (line, Newline::CrLf),
            None => (with_cr, Newline::Lf),
        };
        if line.len() > self.limits.record_bytes {
            return Err(issue(self.row_no, self.limits.record_bytes, 1, Rule::RecordTooLong));
        }
        split(line, self.accept, self.limits.columns, &mut self.spans)
            .map_err(|Flaw { column, place, rule }| issue(self.row_no, place, column, rule))?;
        if self.accept.newline.is_some_and(|accepted| accepted != newline) {
            return Err(issue(self.row_no, line.len(), self.spans.len(), Rule::WrongNewline));
        }
        Ok(Some(Record { line, spans: &self.spans, row_no: self.row_no, byte_offset: record_offset }))
    }

    /// Comes to the start of a line: past the byte order mark, past the rest of a line that was too long.
    fn settle(&mut self) -> io::Result<()> {
        match self.stage {
            Stage::Line => return Ok(()),
            Stage::Start => {
                while self.unread.len() < BYTE_ORDER_MARK.len() && !self.is_at_end {
                    self.fill()?;
                }
                if self.unread().starts_with(BYTE_ORDER_MARK) {
                    self.has_bom = true;
                    self.advance(BYTE_ORDER_MARK.len());
                }
            }
            Stage::Skip => loop {
                if let Some(place) = memchr(b'\n', self.unread()) {
                    self.advance(place + 1);
                    break;
                }
                self.advance(self.unread.len());
                if self.is_at_end {
                    break;
                }
                self.fill()?;
            },
        }
        self.stage = Stage::Line;
        Ok(())
    }

    fn find_line(&mut self) -> io::Result<Line> {
        loop {
            let unscanned = self.unread().get(self.n_scanned..).unwrap_or_default();
            if let Some(place) = memchr(b'\n', unscanned) {
                return Ok(Line::Whole(self.unread.start + self.n_scanned + place));
            }
            self.n_scanned = self.unread.len();
            // One byte more than the limit may be the CR of the newline still to come.
            if self.n_scanned > self.limits.record_bytes.saturating_add(1) {
                return Ok(Line::TooLong);
            }
            if self.is_at_end {
                return Ok(if self.unread.is_empty() { Line::None } else { Line::Cut });
            }
            self.fill()?;
        }
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.unread.clone()).unwrap_or_default()
    }

    fn advance(&mut self, n_bytes: usize) {
        self.unread.start += n_bytes;
        self.byte_offset += n_bytes as u64;
        self.n_scanned = 0;
    }

    /// Reads once behind what is unread, which is moved to the front first.
    fn fill(&mut self) -> io::Result<()> {
        if self.unread.start > 0 {
            self.buffer.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
        }
        if self.unread.end == self.buffer.len() {
            // Never more than the limit and a newline: a longer line is skipped before it comes here.
            let most = self.limits.record_bytes.saturating_add(2);
            self.buffer.resize((self.buffer.len() * 2).min(most).max(self.buffer.len() + 1), 0);
        }
        loop {
            match self.source.read(self.buffer.get_mut(self.unread.end..).unwrap_or_default()) {
                Ok(0) => self.is_at_end = true,
                Ok(n_bytes) => self.unread.end += n_bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }

    #[cfg(test)]
    pub(super) fn buffer_bytes(&self) -> usize {
        self.buffer.capacity()
    }
}
