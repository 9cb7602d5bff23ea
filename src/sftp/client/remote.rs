//! What the procedure of giving files needs of a connection. Each backend does it in its own way; one that blocks
//! answers at the first poll.

use renkei_core::Digest;
use renkei_core::delivery::DeliveryError;

use super::outgoing::{Outgoing, Under};

/// What stands under the two names of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The length of what has the final name.
    pub(crate) finished: Option<u64>,
    /// The length of what has the temporary name.
    pub(crate) part: Option<u64>,
}

/// A connection to a server.
pub(crate) trait Remote {
    /// Looks at both names.
    async fn look(&self, path: &str, part: &str) -> Result<Seen, DeliveryError>;

    /// The length of what has a name.
    async fn length(&self, path: &str) -> Result<Option<u64>, DeliveryError>;

    /// The SHA-256 of the first bytes of a file: by the server where it offers that, else by reading them back, which
    /// is paced and may be ended as sending is.
    async fn digest(&self, path: &str, n_bytes: u64, under: &Under<'_>) -> Result<Digest, DeliveryError>;

    /// The SHA-256 of a file where the server offers to tell it, and does so in time.
    async fn told_digest(&self, path: &str, n_bytes: u64) -> Result<Option<Digest>, DeliveryError>;

    /// Writes what is left of a file from where it was read to, makes it durable where the server offers that, and
    /// closes it. From 0 the file is new or emptied.
    async fn send(&self, path: &str, outgoing: &mut Outgoing<'_>) -> Result<(), DeliveryError>;

    /// Gives a file another name. What has that name is never replaced.
    async fn rename(&self, from: &str, to: &str) -> Result<Renamed, DeliveryError>;

    /// Removes a file; none there is well.
    async fn remove(&self, path: &str) -> Result<(), DeliveryError>;
}

/// What came of a renaming.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Renamed {
    /// Done.
    Done,
    /// The server did not; in its words.
    Refused(String),
}
