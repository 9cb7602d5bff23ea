//! What can be wrong with a configuration as a whole.

use std::path::PathBuf;

use renkei_core::declared::Problem;
use renkei_core::{Class, Fault};

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The folder named is no hub's.
    #[error("no hub.toml in {}", folder.display())]
    NotFound {
        /// The folder.
        folder: PathBuf,
    },
    /// No folder was named, and none was found.
    #[error("no hub.toml in {} or a folder above it", folder.display())]
    NotFoundUpwards {
        /// Where the search began.
        folder: PathBuf,
    },
    /// Problems in the files.
    #[error("{} problem(s) in the configuration", problems.len())]
    Invalid {
        /// All of them, by file and line.
        problems: Vec<Problem>,
    },
}

impl Fault for ConfigError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } | Self::NotFoundUpwards { .. } => "config.not-found",
            Self::Invalid { .. } => "config.invalid",
        }
    }

    fn class(&self) -> Class {
        Class::Operator
    }
}
