//! How a run of the program ended, and checks of it.

use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};

use serde_json::Value;

use super::files;

/// One run that ended.
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    line: String,
    note: String,
    folder: PathBuf,
}

impl Outcome {
    pub(super) fn new(folder: &Path, note: &str, command: &Command, output: &Output) -> Self {
        let mut line = String::from("renkei");
        for arg in command.get_args() {
            let _ = write!(line, " {}", arg.to_string_lossy());
        }
        for (name, value) in command.get_envs().filter(|(name, _)| *name == "RENKEI_STOP_AT") {
            let _ =
                write!(line, " # {}={}", name.to_string_lossy(), value.unwrap_or_default().to_string_lossy());
        }
        Self {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            line,
            note: note.to_owned(),
            folder: folder.to_owned(),
        }
    }

    /// Fails unless the program ended with this exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        self.require(self.status.code() == Some(code), &format!("exit code {code}"));
        self
    }

    /// Fails unless the program ended with a fault of this code and class' exit code.
    #[track_caller]
    pub(crate) fn expect_fault(self, exit: i32, fault: &str) -> Self {
        self.require(self.status.code() == Some(exit), &format!("exit code {exit}"));
        let is_said = self.stderr.contains(&format!("[{fault}]"))
            || self.stderr.contains(&format!("\"code\":\"{fault}\""));
        self.require(is_said, &format!("the fault {fault}"));
        self
    }

    /// Fails unless the program ended itself at a point, as `kill -9` would.
    #[track_caller]
    pub(crate) fn expect_killed(self) -> Self {
        self.require(self.is_killed(), "an end by SIGKILL");
        self
    }

    /// True when it ended by SIGKILL.
    pub(crate) fn is_killed(&self) -> bool {
        self.status.signal() == Some(9)
    }

    /// Fails unless one of the streams has the text.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        self.require(self.stdout.contains(text) || self.stderr.contains(text), &format!("the text {text:?}"));
        self
    }

    /// Fails if a stream has the text.
    #[track_caller]
    pub(crate) fn says_not(self, text: &str) -> Self {
        let is_said = self.stdout.contains(text) || self.stderr.contains(text);
        self.require(!is_said, &format!("no text {text:?}"));
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let value = serde_json::from_str(&self.stdout);
        self.require(value.is_ok(), "JSON on standard output");
        value.unwrap()
    }

    /// Fails with everything there is to see, unless `holds`.
    #[track_caller]
    pub(crate) fn require(&self, holds: bool, what: &str) {
        assert!(
            holds,
            "expected {what}\n--- {}\n{}\n--- {}\n--- stdout\n{}--- stderr\n{}--- {}\n{}",
            self.note,
            self.line,
            self.status,
            self.stdout,
            self.stderr,
            self.folder.display(),
            files::tree(&self.folder),
        );
    }
}
