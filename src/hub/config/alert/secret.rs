//! Where a password comes from. The password itself is never part of a configuration.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use renkei_core::declared::{Problems, Value};

use crate::config::paths::resolve;

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

/// A file that others may not read.
pub(super) fn file(value: Value<'_>, folder: &Path, problems: &Problems) -> Option<SecretSource> {
    let written = value.located_text()?;
    let path = resolve(folder, &written, problems)?;
    match std::fs::metadata(&path) {
        Err(error) => problems.report(&written.spot, format!("cannot be read: {error}")),
        Ok(file) if !file.is_file() => problems.report(&written.spot, "is no file"),
        Ok(file) => {
            let mode = file.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                let message = format!("others than its owner may use the password file (mode {mode:03o})");
                problems.report_with(&written.spot, message, format!("chmod 600 {}", written.value));
            }
        }
    }
    Some(SecretSource::File(path))
}

/// The name of a variable; someone may have written the password itself, so it is not repeated.
pub(super) fn env(value: Value<'_>, problems: &Problems) -> Option<SecretSource> {
    let written = value.located_text()?;
    let name = &written.value;
    let is_name = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        && name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    if !is_name {
        let hint = "A-Z, 0-9 and _, such as RENKEI_MAIL_PASSWORD; never the password itself".to_owned();
        problems.report_with(&written.spot, "must be the name of an environment variable", hint);
        return None;
    }
    Some(SecretSource::Env(written.value))
}
