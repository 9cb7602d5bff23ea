//! Where a password comes from. The password itself is never part of a configuration.

use std::path::PathBuf;

/// Where a password comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A file whose first line is the password, absolute.
    File(PathBuf),
    /// An environment variable.
    Env(String),
}

impl SecretSource {
    /// Reads the password; an error names the place, never what stands there.
    pub fn read(&self) -> Result<String, String> {
        match self {
            Self::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| format!("{}: {}", path.display(), error.kind()))?;
                Ok(text.lines().next().unwrap_or_default().to_owned())
            }
            Self::Env(name) => std::env::var(name).map_err(|_| format!("${name} is not set")),
        }
    }
}
