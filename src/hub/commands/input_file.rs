//! Opening input files, and saying what is wrong with them. Not a command.

use std::fs::File;
use std::path::Path;

use renkei_engine::{EngineError, Rejected};
use serde_json::json;

use crate::console::Console;
use crate::{Failure, issues};

/// How a file is called in messages: by its last name only, because folders may tell more than they should.
pub(super) fn label(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Opens a file.
pub(super) fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|source| EngineError::Input { file: path.display().to_string(), source }.into())
}

/// Prints what is wrong with a file and gives the failure.
pub(super) fn rejected(console: &Console, found: Rejected) -> Failure {
    if console.is_json() {
        if !found.issues.listed.is_empty() {
            console.json(&json!({ "issues": found.issues }));
        }
    } else {
        issues::print(console, &found.issues);
    }
    found.error.into()
}
