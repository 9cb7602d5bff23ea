//! Where a case comes from.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::IdError;

/// Which of the two ways a case came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseKind {
    /// A move-out filed online: マイナポータル, ぴったりサービス (転出・転入手続のワンストップ化, 引越しOSS).
    OssMoveOut,
    /// Certificate information that the CS was sent for a move-in, also of 特例転入.
    CsMoveIn,
}

impl CaseKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::OssMoveOut, Self::CsMoveIn];

    /// The word in commands, tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OssMoveOut => "oss-move-out",
            Self::CsMoveIn => "cs-move-in",
        }
    }

    /// Reads [`CaseKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl FromStr for CaseKind {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::parse(text).ok_or_else(|| IdError {
            what: "kind of case",
            expected: "oss-move-out or cs-move-in",
            found: text.to_owned(),
        })
    }
}

impl fmt::Display for CaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
