//! The rows of single buckets, as a receiver writes them where its sums differ from ours: keys and digests, no values.
//!
//! A first line of JSON says what is held and which buckets are opened; each line after it is the digest of a row, a
//! space, and its key as a JSON list. The sums in the first line prove that no row of an opened bucket was left out.

use std::io::{self, BufRead, Read as _, Write};

use serde::{Deserialize, Serialize};

use super::holding::{Holding, HoldingError, MAX_HOLDING_BYTES};
use crate::ids::Digest;
use crate::state::{BUCKETS, FeedState, RowDigest, bucket_of};

/// The longest line of a row, in bytes: a digest and a key.
const MAX_LINE_BYTES: usize = 4 << 10;
const HEX: usize = 64;

/// What stands in the first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// What is held of all buckets.
    pub holding: Holding,
    /// The buckets whose rows follow, ascending.
    pub opened: Vec<u8>,
}

/// One row of an opened bucket.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenedRow {
    /// The key's fields, joined by U+001F.
    pub key: Vec<u8>,
    /// Its bucket.
    pub bucket: usize,
    /// Its digest.
    pub digest: RowDigest,
}

/// Shows the bucket only: a key is personal.
impl std::fmt::Debug for OpenedRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenedRow").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

/// Why rows cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenedError {
    /// The file itself.
    #[error("the file cannot be read")]
    Io(#[from] io::Error),
    /// What stands in it.
    #[error(transparent)]
    Unusable(#[from] HoldingError),
}

impl Opening {
    /// Writes the first line.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        out.write_all(b"\n")
    }
}

/// Writes one row; `key` has its fields joined by U+001F.
pub fn write_opened_row(out: &mut impl Write, key: &[u8], digest: RowDigest) -> io::Result<()> {
    let fields: Vec<_> = key.split(|byte| *byte == 0x1f).map(String::from_utf8_lossy).collect();
    write!(out, "{} ", Digest(digest.0))?;
    serde_json::to_writer(&mut *out, &fields)?;
    out.write_all(b"\n")
}

/// Reads opened buckets row by row; at the end of the file it is known whether all of them were there.
pub struct OpenedRows<R> {
    source: R,
    opening: Opening,
    is_opened: Vec<bool>,
    counted: FeedState,
    line: Vec<u8>,
}

impl<R: BufRead> OpenedRows<R> {
    /// Reads the first line.
    pub fn new(mut source: R) -> Result<Self, OpenedError> {
        let mut line = Vec::new();
        source.by_ref().take(MAX_HOLDING_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
        if line.len() > MAX_HOLDING_BYTES {
            return Err(unusable("its first line is too long"));
        }
        let opening: Opening =
            serde_json::from_slice(&line).map_err(|_| unusable("its first line is not well-formed"))?;
        opening.holding.check()?;
        let mut is_opened = vec![false; BUCKETS];
        for bucket in &opening.opened {
            if let Some(place) = is_opened.get_mut(usize::from(*bucket)) {
                *place = true;
            }
        }
        Ok(Self { source, opening, is_opened, counted: FeedState::empty(), line })
    }

    /// What the first line says.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// The next row; `None` at the end, when the rows give the sums of all opened buckets.
    pub fn next_row(&mut self) -> Result<Option<OpenedRow>, OpenedError> {
        self.line.clear();
        let most = MAX_LINE_BYTES as u64 + 1;
        self.source.by_ref().take(most).read_until(b'\n', &mut self.line)?;
        let line = match self.line.as_slice() {
            [] => return self.end().map(|()| None),
            [line @ .., b'\n'] => line,
            _ => return Err(unusable("a line of a row is too long or not whole")),
        };
        let row = row(line).ok_or_else(|| unusable("a line is no row"))?;
        if self.is_opened.get(row.bucket) != Some(&true) {
            return Err(unusable("a row is of a bucket that is not opened"));
        }
        self.counted.add(row.bucket, &row.digest);
        Ok(Some(row))
    }

    fn end(&self) -> Result<(), OpenedError> {
        let held = self.opening.holding.state().ok_or_else(|| unusable("it has not 256 sums"))?;
        let differing = held.differing_buckets(&self.counted);
        let is_whole = !differing.into_iter().any(|bucket| self.is_opened.get(bucket) == Some(&true));
        if is_whole { Ok(()) } else { Err(unusable("its rows do not give its sums")) }
    }
}

fn row(line: &[u8]) -> Option<OpenedRow> {
    let (digest, key) = line.split_at_checked(HEX)?;
    let digest: Digest = std::str::from_utf8(digest).ok()?.parse().ok()?;
    let fields: Vec<String> = serde_json::from_slice(key.strip_prefix(b" ")?).ok()?;
    let bucket = bucket_of(fields.iter().map(String::as_bytes));
    Some(OpenedRow { key: fields.join("\u{1f}").into_bytes(), bucket, digest: RowDigest(digest.0) })
}

fn unusable(what: &'static str) -> OpenedError {
    HoldingError { what }.into()
}

#[cfg(test)]
#[path = "opened_tests.rs"]
mod tests;
