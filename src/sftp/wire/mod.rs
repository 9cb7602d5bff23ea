//! SFTP version 3 as bytes: requests, replies and attributes, read and written without trusting a length.
//!
//! Names are bytes as the client sent them; nothing here assumes a character set. A packet longer than
//! [`MAX_PACKET_BYTES`] is refused by its length field, before room for it is made. The source of the format is
//! draft-ietf-secsh-filexfer-02 and, for the extensions, OpenSSH's PROTOCOL file.

mod attrs;
mod field;
mod framing;
mod reply;
mod request;
#[cfg(test)]
mod tests;

pub use attrs::{Attrs, FileKind};
pub use framing::Framing;
pub use reply::{Entry, Limits, Reply, StatusCode, VolumeStat, data_reply};
pub use request::{Extended, OpenFlags, Packet, Request};

/// The one version spoken.
pub const VERSION: u32 = 3;
/// What the length field of a packet may say, in bytes: OpenSSH's own bound.
pub const MAX_PACKET_BYTES: u32 = 256 * 1024;
/// Bytes read or written by one request: what fits a packet with its header.
pub const MAX_DATA_BYTES: u32 = MAX_PACKET_BYTES - 1024;
/// Bytes of a path; Linux itself takes no longer one.
pub const MAX_PATH_BYTES: usize = 4096;

/// What is wrong with bytes that should be SFTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A length field beyond the bound: there is no way to go on.
    #[error("packet of {n_bytes} bytes, more than {MAX_PACKET_BYTES}")]
    TooLong {
        /// What the length field says.
        n_bytes: u32,
    },
    /// A packet without a type.
    #[error("packet without content")]
    Empty,
    /// A packet that ends inside a field, or has a field out of its bounds.
    #[error("packet of type {kind} ends early or has a field out of bounds")]
    Malformed {
        /// The packet's type.
        kind: u8,
        /// The request's number, if it could be read.
        id: Option<u32>,
    },
}
