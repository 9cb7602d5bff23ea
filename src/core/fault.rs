//! Faults (障害): what ends a run. A fault's class alone decides what happens next.

use std::error::Error;
use std::fmt;

/// What a fault asks for (`design.md`, Faults).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Goes away by itself: back off and try again.
    Retry,
    /// The sender must correct what was sent.
    Partner,
    /// A person must look.
    Operator,
    /// The program is wrong.
    Bug,
}

impl Class {
    /// The word used in the database, in JSON and in the exit code table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Partner => "partner",
            Self::Operator => "operator",
            Self::Bug => "bug",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Implemented by every error that can end a run.
///
/// `Display` says what happened in a lower-case fragment without the source; `code` is the stable name
/// that `renkei explain` and the text catalogue know.
pub trait Fault: Error + Send + Sync + 'static {
    /// The stable code, such as `store.busy`: room, dot, words joined by dashes.
    fn code(&self) -> &'static str;
    /// What is to be done about it.
    fn class(&self) -> Class;
}
