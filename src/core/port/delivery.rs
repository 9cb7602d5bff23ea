//! The ports of deliveries: a way to a destination, and what the store keeps of them.

use std::io::Read;

use crate::delivery::{DeliveryAttempt, DeliveryError, DeliveryLine, Parcel, ParcelFile, TrustedKey};
use crate::ids::{DestinationId, FeedId, Sequence};
use crate::port::StoreError;

/// A way to one destination. Whatever stands behind it gives data first and the notice last, shows no file under its
/// final name before it is whole, and never overwrites.
pub trait Transport: Send + Sync {
    /// Hands a parcel over. What is there already with the same bytes is left, so that it may be cut off anywhere and
    /// asked for again; other bytes under a name are [`DeliveryError::NameTaken`].
    fn hand_over(
        &self,
        parcel: &Parcel,
        source: &dyn ParcelSource,
        watch: &dyn DeliveryWatch,
    ) -> Result<HandedOver, DeliveryError>;

    /// Tries the way there without giving anything, and says in a few words what was met.
    fn probe(&self) -> Result<String, DeliveryError>;
}

/// Where the bytes of a parcel come from.
pub trait ParcelSource: Send + Sync {
    /// Opens a file at its start. Whoever reads it compares length and digest.
    fn open(&self, file: &ParcelFile) -> Result<Box<dyn Read + Send>, DeliveryError>;
}

/// Is told how far a delivery is.
pub trait DeliveryWatch: Send + Sync {
    /// So many more bytes are behind.
    fn sent(&self, n_bytes: u64);
    /// So many of the bytes that were sent are of no use: the next try sends them again.
    fn discarded(&self, _n_bytes: u64) {}
    /// One more file is over: sent, or there before.
    fn file_over(&self, _was_there: bool) {}
    /// Whether it is to end at its next safe point; asked often.
    fn wants_stop(&self) -> bool;
    /// A named point is reached.
    fn reached(&self, _point: &'static str) {}
    /// Whether what cannot be taken up again where it stopped is to end all the same.
    fn must_end(&self) -> bool {
        self.wants_stop()
    }
}

/// What came of handing a parcel over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HandedOver {
    /// Files sent.
    pub n_files_sent: u64,
    /// Files that were there already with the same bytes.
    pub n_files_there: u64,
    /// Bytes sent.
    pub n_bytes_sent: u64,
}

/// Reading what is on record of deliveries.
pub trait DeliveryReading {
    /// The lines of one destination or of all that are open, or all of them; by destination, feed and sequence.
    fn delivery_lines(
        &self,
        destination: Option<&DestinationId>,
        only_open: bool,
    ) -> Result<Vec<DeliveryLine>, StoreError>;

    /// One line.
    fn delivery_line(
        &self,
        feed: &FeedId,
        sequence: Sequence,
        destination: &DestinationId,
    ) -> Result<Option<DeliveryLine>, StoreError>;

    /// The tries of one line, in order.
    fn delivery_attempts(
        &self,
        feed: &FeedId,
        sequence: Sequence,
        destination: &DestinationId,
    ) -> Result<Vec<DeliveryAttempt>, StoreError>;

    /// The last tries at a destination, at most so many, oldest first.
    fn last_delivery_attempts(
        &self,
        destination: &DestinationId,
        n_most: u32,
    ) -> Result<Vec<DeliveryAttempt>, StoreError>;

    /// The published publications of a feed that have no line for the destination yet, in order, from where its
    /// deliveries began. Its first line fixes that: the feed's last full at that time, or the first of a feed without
    /// one; so a line for an older publication makes nothing else due.
    fn undelivered(&self, feed: &FeedId, destination: &DestinationId) -> Result<Vec<Sequence>, StoreError>;

    /// The host keys accepted for a destination, oldest first.
    fn trusted_keys(&self, destination: &DestinationId) -> Result<Vec<TrustedKey>, StoreError>;
}

/// Writing what is on record of deliveries.
pub trait DeliveryWriting: DeliveryReading {
    /// Writes a line: new, or over the one of its publication and destination.
    fn put_delivery_line(&mut self, line: &DeliveryLine) -> Result<(), StoreError>;

    /// Writes a try: new, or over the one with its number.
    fn put_delivery_attempt(&mut self, attempt: &DeliveryAttempt) -> Result<(), StoreError>;

    /// Accepts a host key for a place; false where it is accepted there already.
    fn trust_key(&mut self, key: &TrustedKey) -> Result<bool, StoreError>;

    /// Takes back all keys of a destination but this one, and says how many.
    fn distrust_keys_but(
        &mut self,
        destination: &DestinationId,
        place: &str,
        fingerprint: &str,
    ) -> Result<u64, StoreError>;
}
