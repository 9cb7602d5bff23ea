//! A file on its way out: read once, hashed while it is read, paced, and ended where that is asked for.

use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use renkei_core::Digest;
use renkei_core::delivery::{DeliveryError, Pace, ParcelFile};
use renkei_core::hash::Hasher;
use renkei_core::port::{DeliveryWatch, FolderError, ParcelSource};

/// A pause is no longer at a stretch, so that a stop is seen in it.
const SLICE: Duration = Duration::from_millis(100);
/// No piece is smaller, however slow it may be.
const LEAST_PIECE_BYTES: usize = 4096;

/// What all files of a delivery share: who watches, and how fast it may be.
pub(crate) struct Under<'d> {
    pub(crate) source: &'d dyn ParcelSource,
    pub(crate) watch: &'d dyn DeliveryWatch,
    pace: Option<Mutex<Pace>>,
    bytes_per_second: Option<u64>,
    began: Instant,
}

impl<'d> Under<'d> {
    pub(crate) fn new(
        source: &'d dyn ParcelSource,
        watch: &'d dyn DeliveryWatch,
        bytes_per_second: Option<u64>,
    ) -> Self {
        let pace = bytes_per_second.map(|rate| Mutex::new(Pace::new(rate)));
        Self { source, watch, pace, bytes_per_second, began: Instant::now() }
    }

    /// Ends the delivery here where that is asked for.
    pub(crate) fn may_go_on(&self) -> Result<(), DeliveryError> {
        if self.watch.wants_stop() { Err(DeliveryError::Stopped) } else { Ok(()) }
    }

    /// How much goes at a time: at a rate, what takes a quarter of a second.
    pub(crate) fn piece(&self, most: usize) -> usize {
        let of_rate = self.bytes_per_second.map(|rate| usize::try_from(rate / 4).unwrap_or(most));
        of_rate.map_or(most, |piece| piece.max(LEAST_PIECE_BYTES).min(most))
    }

    /// Waits until so many bytes may go one way or the other, or the delivery is to end.
    pub(crate) fn wait(&self, n_bytes: usize) -> Result<(), DeliveryError> {
        let mut left = self.pause(n_bytes);
        while !left.is_zero() {
            self.may_go_on()?;
            std::thread::sleep(left.min(SLICE));
            left = left.saturating_sub(SLICE);
        }
        self.may_go_on()
    }

    /// The same, without holding the thread.
    pub(crate) async fn wait_async(&self, n_bytes: usize) -> Result<(), DeliveryError> {
        let mut left = self.pause(n_bytes);
        while !left.is_zero() {
            self.may_go_on()?;
            tokio::time::sleep(left.min(SLICE)).await;
            left = left.saturating_sub(SLICE);
        }
        self.may_go_on()
    }

    fn pause(&self, n_bytes: usize) -> Duration {
        let Some(pace) = &self.pace else { return Duration::ZERO };
        let now_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut pace = pace.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_millis(pace.take(n_bytes as u64, now_ms))
    }
}

/// One file being read.
pub(crate) struct Outgoing<'d> {
    pub(crate) file: &'d ParcelFile,
    pub(crate) under: &'d Under<'d>,
    reader: Box<dyn Read + Send>,
    hasher: Hasher,
    n_read: u64,
}

impl<'d> Outgoing<'d> {
    /// Opens it at its start.
    pub(crate) fn open(file: &'d ParcelFile, under: &'d Under<'d>) -> Result<Self, DeliveryError> {
        let reader = under.source.open(file)?;
        Ok(Self { file, under, reader, hasher: Hasher::new(), n_read: 0 })
    }

    /// How far it has been read.
    pub(crate) fn n_read(&self) -> u64 {
        self.n_read
    }

    /// Reads on to `n_bytes` from the start without sending, and gives the digest of all read.
    pub(crate) fn skip_to(&mut self, n_bytes: u64) -> Result<Digest, DeliveryError> {
        while self.n_read < n_bytes {
            let most = usize::try_from((n_bytes - self.n_read).min(1 << 18)).unwrap_or(1 << 18);
            if self.read(most)?.is_empty() {
                break;
            }
        }
        Ok(self.hasher.clone().finish())
    }

    /// The next bytes, at most so many; none at the end.
    pub(crate) fn next(&mut self, most: usize) -> Result<Vec<u8>, DeliveryError> {
        self.under.may_go_on()?;
        self.read(most)
    }

    /// Says whether what was read is what was published.
    pub(crate) fn check(&self) -> Result<(), DeliveryError> {
        let content = &self.file.content;
        let is_right = self.n_read == content.n_bytes && self.hasher.clone().finish() == content.sha256;
        if is_right { Ok(()) } else { Err(self.changed()) }
    }

    fn read(&mut self, most: usize) -> Result<Vec<u8>, DeliveryError> {
        let mut bytes = Vec::with_capacity(most);
        (&mut self.reader).take(most as u64).read_to_end(&mut bytes).map_err(|error| {
            let path = self.file.name.to_string();
            DeliveryError::Source(FolderError::Unavailable { path, attempt: "read", source: error })
        })?;
        self.hasher.update(&bytes);
        self.n_read += bytes.len() as u64;
        // More than was published is not sent to its end first.
        if self.n_read > self.file.content.n_bytes { Err(self.changed()) } else { Ok(bytes) }
    }

    fn changed(&self) -> DeliveryError {
        DeliveryError::SourceChanged { name: self.file.name.to_string() }
    }
}
