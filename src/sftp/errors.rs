//! What can end the work of this room's server, or of a proof of it.

use std::net::SocketAddr;

use renkei_core::{Class, Fault};

/// Why the server does not start, or cannot be proven.
#[derive(Debug, thiserror::Error)]
pub enum SftpError {
    /// An address cannot be listened at.
    #[error("nothing can be listened for at {address}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// The system's words.
        source: std::io::Error,
    },
    /// A host key is none.
    #[error("the host key is no private key that can be used: {reason}")]
    HostKey {
        /// Why, without anything of the key.
        reason: &'static str,
    },
    /// There is no host key at all.
    #[error("there is no host key")]
    NoHostKey,
    /// Threads or descriptors are wanting.
    #[error("the server's threads could not be started")]
    Threads {
        /// The system's words.
        source: std::io::Error,
    },
    /// A proof could not be carried through, which says nothing about what it was to prove.
    #[error("the proof could not {attempt}: {detail}")]
    Proof {
        /// What was tried.
        attempt: &'static str,
        /// What came instead.
        detail: String,
    },
}

impl Fault for SftpError {
    fn code(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "sftp.listen",
            Self::HostKey { .. } => "sftp.host-key",
            Self::NoHostKey => "sftp.no-host-key",
            Self::Threads { .. } => "sftp.threads",
            Self::Proof { .. } => "sftp.proof",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Listen { .. } | Self::HostKey { .. } | Self::NoHostKey => Class::Operator,
            Self::Threads { .. } | Self::Proof { .. } => Class::Retry,
        }
    }
}
