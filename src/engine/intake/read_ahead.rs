//! Reads a long file on a thread of its own and hashes it there, so that who parses it does not wait for
//! either.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use renkei_core::Digest;
use renkei_core::hash::Hasher;

const CHUNK_BYTES: usize = 256 << 10;
/// Chunks read and not yet asked for, at most.
const QUEUE: usize = 2;

/// The bytes of a file that is read ahead.
pub(super) struct ReadAhead {
    chunks: Receiver<io::Result<Vec<u8>>>,
    pool: Sender<Vec<u8>>,
    chunk: Vec<u8>,
    /// How much of `chunk` was given out.
    n_given: usize,
}

impl ReadAhead {
    /// Starts to read; the thread ends with the digest of the file, true once its end was read.
    pub(super) fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        source: impl Read + Send + 'scope,
    ) -> (Self, ScopedJoinHandle<'scope, Digest>) {
        let (to_reader, chunks) = sync_channel(QUEUE);
        let (pool, empty) = channel();
        let hashing = scope.spawn(move || read_and_hash(source, &to_reader, &empty));
        (Self { chunks, pool, chunk: Vec::new(), n_given: 0 }, hashing)
    }
}

impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.n_given == self.chunk.len() {
            let Ok(chunk) = self.chunks.recv() else { return Ok(0) };
            // After the end nobody takes chunks back.
            let _ = self.pool.send(std::mem::replace(&mut self.chunk, chunk?));
            self.n_given = 0;
        }
        let mut rest = self.chunk.get(self.n_given..).unwrap_or_default();
        let n_read = rest.read(buffer)?;
        self.n_given += n_read;
        Ok(n_read)
    }
}

fn read_and_hash(
    mut source: impl Read,
    to_reader: &SyncSender<io::Result<Vec<u8>>>,
    pool: &Receiver<Vec<u8>>,
) -> Digest {
    let mut hash = Hasher::new();
    loop {
        let mut chunk = pool.try_recv().unwrap_or_default();
        chunk.resize(CHUNK_BYTES, 0);
        let is_over = match source.read(&mut chunk) {
            Ok(0) => true,
            Ok(n_read) => {
                chunk.truncate(n_read);
                hash.update(&chunk);
                to_reader.send(Ok(chunk)).is_err()
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => false,
            Err(error) => {
                // Where nobody asks any more, nobody wants to know either.
                let _ = to_reader.send(Err(error));
                true
            }
        };
        if is_over {
            return hash.finish();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time, then fails where it is to.
    struct Pieces<'p> {
        bytes: &'p [u8],
        fails: bool,
    }

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.bytes.is_empty() && self.fails {
                return Err(io::Error::other("torn"));
            }
            let n_bytes = buffer.len().min(7);
            self.bytes.read(&mut buffer[..n_bytes])
        }
    }

    fn check(bytes: &[u8], fails: bool) {
        std::thread::scope(|scope| {
            let (mut source, hashing) = ReadAhead::start(scope, Pieces { bytes, fails });
            let mut read = Vec::new();
            assert_eq!(source.read_to_end(&mut read).is_err(), fails);
            assert_eq!(read, bytes);
            let mut expect = Hasher::new();
            expect.update(bytes);
            assert_eq!(hashing.join().unwrap(), expect.finish());
        });
    }

    #[test]
    fn what_is_read_ahead_is_what_stands_there() {
        let bytes: Vec<u8> = (0..=255).cycle().take(100).collect();
        for n_bytes in [0, 1, 6, 7, 8, 100] {
            check(&bytes[..n_bytes], false);
            check(&bytes[..n_bytes], true);
        }
    }

    #[test]
    fn who_stops_asking_stops_the_reading() {
        std::thread::scope(|scope| {
            let (source, hashing) = ReadAhead::start(scope, io::repeat(b'x'));
            drop(source);
            hashing.join().unwrap();
        });
    }
}
