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

/// What an entry of a server's folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A plain file.
    File,
    /// A folder, a link, or anything else.
    Other,
}

/// What a server says of a file. Any of it may be a lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Attributes {
    pub(crate) n_bytes: Option<u64>,
    pub(crate) kind: Option<EntryKind>,
    /// In unix seconds.
    pub(crate) changed_at: Option<u32>,
}

impl Attributes {
    /// What POSIX says of a mode.
    pub(crate) fn kind_of(mode: u32) -> EntryKind {
        if mode & 0o170_000 == 0o100_000 { EntryKind::File } else { EntryKind::Other }
    }
}

/// Takes what is fetched, piece by piece, in order.
pub(crate) type Pieces<'p> = &'p mut dyn FnMut(&[u8]) -> Result<(), DeliveryError>;

/// Takes what is listed, name by name; the name is the server's, and may be anything.
pub(crate) type Each<'e> = &'e mut dyn FnMut(&[u8], Attributes) -> Result<(), DeliveryError>;

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

    /// What a path leads to, a link being a link; `None` where there is nothing.
    async fn look_at(&self, path: &str) -> Result<Option<Attributes>, DeliveryError>;

    /// Gives every entry of a folder, one at a time; false where there is no such folder.
    async fn list(&self, folder: &str, each: Each<'_>) -> Result<bool, DeliveryError>;

    /// Gives the bytes of a file from one place up to another, or to its end where that comes first. Paced and ended
    /// as sending is.
    async fn fetch(
        &self,
        path: &str,
        from: u64,
        to: u64,
        under: &Under<'_>,
        into: Pieces<'_>,
    ) -> Result<(), DeliveryError>;

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

/// A folder's path as it is asked for; an empty one is where the login lands.
pub(crate) fn folder_path(folder: &str) -> &str {
    if folder.is_empty() { "." } else { folder }
}
