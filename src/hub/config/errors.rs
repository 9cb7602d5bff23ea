//! What can be wrong with a configuration as a whole.

use std::path::PathBuf;

use renkei_core::declared::Problem;
use renkei_core::{Class, Fault};

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No folder with a `hub.toml`.
    #[error("no hub.toml in {} or a folder above it", folder.display())]
    NotFound {
        /// Where the search began.
        folder: PathBuf,
    },
    /// Problems in the files.
    #[error("{} problems in the configuration", problems.len())]
    Invalid {
        /// All of them, by file and line.
        problems: Vec<Problem>,
    },
}

impl Fault for ConfigError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "config.not-found",
            Self::Invalid { .. } => "config.invalid",
        }
    }

    fn class(&self) -> Class {
        Class::Operator
    }
}
