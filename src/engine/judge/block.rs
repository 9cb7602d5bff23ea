//! Cuts a file into blocks of whole lines, hashing it on the way.

use std::io::{self, Read};

use memchr::memrchr;
use renkei_core::Digest;
use renkei_core::csv_file::Limits;

use crate::intake::HashingReader;

/// Bytes read at a time.
const READ_BYTES: usize = 256 << 10;

/// Whole lines of a file; only the last of a file may end without a newline.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub(crate) bytes: Vec<u8>,
    /// Where in the file it begins.
    pub(crate) byte_offset: u64,
    pub(crate) is_first: bool,
}

/// Reads blocks. A line longer than any record may be is shortened, which its judge will still find too
/// long, so no block grows past that limit and one read.
pub(crate) struct BlockReader<R> {
    source: HashingReader<R>,
    limits: Limits,
    /// Read, and not yet part of a block.
    pending: Vec<u8>,
    /// Where in the file `pending` begins.
    byte_offset: u64,
    is_first: bool,
    is_at_end: bool,
}

impl<R: Read> BlockReader<R> {
    pub(crate) fn new(source: R, limits: Limits) -> Self {
        Self::over(HashingReader::new(source), limits)
    }

    /// A reader that hashes nothing.
    pub(crate) fn unhashed(source: R, limits: Limits) -> Self {
        Self::over(HashingReader::unhashed(source), limits)
    }

    fn over(source: HashingReader<R>, limits: Limits) -> Self {
        Self { source, limits, pending: Vec::new(), byte_offset: 0, is_first: true, is_at_end: false }
    }

    /// Digest and length of everything read.
    pub(crate) fn finish(self) -> (Digest, u64) {
        self.source.finish()
    }

    /// The next block; `None` at the end. The first comes even for an empty file.
    pub(crate) fn next_block(&mut self) -> io::Result<Option<Block>> {
        // One byte more than the limit may be the CR of the newline still to come.
        let most = self.limits.record_bytes.saturating_add(2);
        let mut n_scanned = 0;
        loop {
            let unscanned = self.pending.get(n_scanned..).unwrap_or_default();
            if self.pending.len() >= READ_BYTES
                && let Some(place) = memrchr(b'\n', unscanned)
            {
                return Ok(Some(self.cut(n_scanned + place + 1)));
            }
            if self.pending.len() >= READ_BYTES {
                n_scanned = self.pending.len();
            }
            if n_scanned > most {
                return self.shorten(most).map(Some);
            }
            if self.is_at_end {
                let is_over = self.pending.is_empty() && !self.is_first;
                return Ok((!is_over).then(|| self.cut(self.pending.len())));
            }
            self.fill()?;
        }
    }

    fn cut(&mut self, n_bytes: usize) -> Block {
        let mut next = Vec::with_capacity(READ_BYTES * 2);
        next.extend_from_slice(self.pending.get(n_bytes..).unwrap_or_default());
        let mut bytes = std::mem::replace(&mut self.pending, next);
        bytes.truncate(n_bytes);
        self.block_of(bytes, n_bytes as u64)
    }

    fn block_of(&mut self, bytes: Vec<u8>, n_bytes_of_file: u64) -> Block {
        let block =
            Block { bytes, byte_offset: self.byte_offset, is_first: std::mem::take(&mut self.is_first) };
        self.byte_offset += n_bytes_of_file;
        block
    }

    /// `pending` is the start of one line; the rest of the line is read and forgotten.
    fn shorten(&mut self, most: usize) -> io::Result<Block> {
        let mut line = std::mem::take(&mut self.pending);
        let mut n_bytes = line.len() as u64;
        line.truncate(most);
        line.push(b'\n');
        loop {
            self.pending.clear();
            if self.is_at_end {
                break;
            }
            self.fill()?;
            if let Some(place) = memchr::memchr(b'\n', &self.pending) {
                n_bytes += place as u64 + 1;
                self.pending.drain(..=place);
                break;
            }
            n_bytes += self.pending.len() as u64;
        }
        Ok(self.block_of(line, n_bytes))
    }

    /// Reads on.
    fn fill(&mut self) -> io::Result<()> {
        self.is_at_end = self.source.read_on(&mut self.pending, READ_BYTES)? == 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All blocks put together, and how long the longest is.
    fn read(file: &[u8], limits: Limits) -> (Vec<u8>, usize, u64) {
        let mut reader = BlockReader::new(file, limits);
        let (mut all, mut longest, mut end) = (Vec::new(), 0, 0);
        while let Some(block) = reader.next_block().unwrap() {
            assert_eq!(block.is_first, all.is_empty() && end == 0);
            assert!(block.byte_offset >= end);
            end = block.byte_offset + block.bytes.len() as u64;
            longest = longest.max(block.bytes.len());
            all.extend_from_slice(&block.bytes);
        }
        let (_, n_bytes) = reader.finish();
        (all, longest, n_bytes)
    }

    #[test]
    fn blocks_are_the_file() {
        let line = format!("{}\n", "x".repeat(997));
        for n_lines in [0, 1, 300, 2_000] {
            for rest in ["", "cut"] {
                let file = format!("{}{rest}", line.repeat(n_lines)).into_bytes();
                let (all, longest, n_bytes) = read(&file, Limits::default());
                assert_eq!(all, file, "{n_lines} lines and {rest:?}");
                assert!(longest <= 2 * READ_BYTES && n_bytes == file.len() as u64);
            }
        }
    }

    #[test]
    fn a_line_without_end_does_not_fill_memory() {
        let limits = Limits { record_bytes: 600 << 10, columns: 10 };
        for (end, expect_after) in [("\nok\n", "\nok\n"), ("", "\n")] {
            let file = [&vec![b'a'; 9 << 20][..], end.as_bytes()].concat();
            let (all, longest, n_bytes) = read(&file, limits);
            let expect = [&vec![b'a'; limits.record_bytes + 2][..], expect_after.as_bytes()].concat();
            assert_eq!(all, expect);
            assert!(longest <= limits.record_bytes + 3 && n_bytes == file.len() as u64);
        }
    }
}
