//! Where a secret comes from: a file of its owner's alone, or an environment variable. The secret itself is never part
//! of a configuration, and never repeated.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use renkei_core::declared::{Problems, Value};

use super::paths::resolve;

/// A file that others may not read; `what` it is, for messages.
pub(super) fn file(value: Value<'_>, folder: &Path, what: &str, problems: &Problems) -> Option<PathBuf> {
    let written = value.located_text()?;
    let path = resolve(folder, &written, problems)?;
    match std::fs::metadata(&path) {
        Err(error) => problems.report(&written.spot, format!("cannot be read: {error}")),
        Ok(file) if !file.is_file() => problems.report(&written.spot, "is no file"),
        Ok(file) => {
            let mode = file.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                let message = format!("others than its owner may use the {what} file (mode {mode:03o})");
                problems.report_with(&written.spot, message, format!("chmod 600 {}", written.value));
            }
        }
    }
    Some(path)
}

/// The name of a variable, such as `example`. Somebody may have written the secret itself, so it is not repeated.
pub(super) fn env(value: Value<'_>, what: &str, example: &str, problems: &Problems) -> Option<String> {
    let written = value.located_text()?;
    let name = &written.value;
    let is_name = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        && name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    if !is_name {
        let hint = format!("A-Z, 0-9 and _, such as {example}; never the {what} itself");
        problems.report_with(&written.spot, "must be the name of an environment variable", hint);
        return None;
    }
    Some(written.value)
}
