//! What can go wrong while a hub's folder is made.

use std::io;
use std::path::PathBuf;

use renkei_core::{Class, Fault};

/// Why a folder was not made, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Something is there already.
    #[error("{} is not empty", folder.display())]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
    },
    /// A file or folder cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// The system gives no random bytes.
    #[error("no random bytes from the system")]
    Random {
        /// The system's words.
        source: io::Error,
    },
}

impl Fault for InitError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotEmpty { .. } => "init.not-empty",
            Self::Write { .. } => "init.write",
            Self::Random { .. } => "init.random",
        }
    }

    fn class(&self) -> Class {
        Class::Operator
    }
}
