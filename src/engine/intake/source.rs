//! An input file being read and hashed in one pass.

use std::io::Read;

use renkei_core::Digest;
use renkei_core::hash::Hasher;

/// Hashes what is read through it.
pub(crate) struct HashingReader<R> {
    source: R,
    /// `None` where only the length is asked for.
    hash: Option<Hasher>,
    n_bytes: u64,
}

impl<R: Read> HashingReader<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, hash: Some(Hasher::new()), n_bytes: 0 }
    }

    /// A reader that hashes nothing; its digest is that of nothing.
    pub(crate) fn unhashed(source: R) -> Self {
        Self { source, hash: None, n_bytes: 0 }
    }

    /// Reads up to `most` bytes to the end of `buffer`, less only at the end of the source; how many it were.
    pub(crate) fn read_on(&mut self, buffer: &mut Vec<u8>, most: usize) -> std::io::Result<usize> {
        let before = buffer.len();
        // Unlike a read into a slice, this needs no zeros to write over.
        buffer.reserve(most);
        let n_read = self.source.by_ref().take(most as u64).read_to_end(buffer)?;
        if let Some(hash) = &mut self.hash {
            hash.update(buffer.get(before..).unwrap_or_default());
        }
        self.n_bytes += n_read as u64;
        Ok(n_read)
    }

    /// The digest and length of everything read.
    pub(crate) fn finish(self) -> (Digest, u64) {
        (self.hash.unwrap_or_default().finish(), self.n_bytes)
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n_read = self.source.read(buffer)?;
        if let Some(hash) = &mut self.hash {
            hash.update(buffer.get(..n_read).unwrap_or_default());
        }
        self.n_bytes += n_read as u64;
        Ok(n_read)
    }
}
