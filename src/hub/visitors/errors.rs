//! What keeps the SFTP server from its work.

use std::path::PathBuf;

use renkei_core::{Class, Fault};

/// Faults of the server's own files.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VisitorFault {
    /// The folder has no host key.
    #[error("{} holds no host key", folder.display())]
    NoHostKeys {
        /// Which.
        folder: PathBuf,
    },
    /// A host key can be read by others.
    #[error("{} may be read by others than its owner (mode {mode:03o})", path.display())]
    ExposedKey {
        /// Which.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A host key cannot be read or written.
    #[error("{} cannot be read or written", path.display())]
    KeyFile {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// `[sftp]` is not there.
    #[error("hub.toml has no [sftp]")]
    NotDeclared,
    /// `renkei sftp-server` does not know whom it serves.
    #[error("no account was named: neither --account nor the user {user:?} is one")]
    NoAccount {
        /// Who runs it.
        user: String,
    },
    /// The account may not come in. Why is for the audit: sshd shows the client what this program says.
    #[error("account {account} may not come in")]
    NotLetIn {
        /// Which.
        account: String,
    },
    /// The client ended the session by its own fault, or the connection failed.
    #[error("the session broke off")]
    Session {
        /// What happened.
        source: renkei_sftp::session::ServeError,
    },
}

impl Fault for VisitorFault {
    fn code(&self) -> &'static str {
        match self {
            Self::NoHostKeys { .. } => "sftp.no-host-key",
            Self::ExposedKey { .. } => "sftp.exposed-key",
            Self::KeyFile { .. } => "sftp.key-file",
            Self::NotDeclared => "sftp.not-declared",
            Self::NoAccount { .. } => "sftp.no-account",
            Self::NotLetIn { .. } => "sftp.not-let-in",
            Self::Session { .. } => "sftp.session",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Session { .. } => Class::Partner,
            _ => Class::Operator,
        }
    }
}
