//! What a publication is: its kind and the states it passes through.

use serde::{Deserialize, Serialize};

/// The content of a publication (連携単位, WT資料 2.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// 全件: every row the layout selects.
    Full,
    /// 差分: what changed since the publication before.
    Diff,
    /// 1件: the rows of one resident; changes no receiver's state and takes no place in the chain.
    Single,
    /// 全件 as of a day: the rows valid on it; changes no receiver's state either.
    AsOf,
}

impl Kind {
    /// The letter in file names (`facts.md` 4.2); a full as of a day is an extract and goes by `A`.
    pub const fn letter(self) -> char {
        match self {
            Self::Full => 'F',
            Self::Diff => 'D',
            Self::Single => 'S',
            Self::AsOf => 'A',
        }
    }

    /// The word in notices, tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Diff => "diff",
            Self::Single => "single",
            Self::AsOf => "asof",
        }
    }

    /// Reads [`Kind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Full, Self::Diff, Self::Single, Self::AsOf].into_iter().find(|kind| kind.as_str() == text)
    }

    /// True when the publication moves the receiver's state: fulls and diffs.
    pub const fn moves_state(self) -> bool {
        matches!(self, Self::Full | Self::Diff)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far a publication has come. Staged files without a record are nothing yet and may be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Progress {
    /// Its sequence number, digests and notice are fixed in the database; files are on their way.
    Sealed,
    /// Data and notice stand in the folder and the database knows.
    Published,
    /// Sealed and larger than the guard lets pass: its bytes wait on the stage, nothing of it is visible, and
    /// nothing else of its feed is made until a named person has released or discarded it.
    Held,
    /// Held and then given up: its bytes are gone, and its sequence is given to the next publication.
    Discarded,
}

impl Progress {
    /// The word in tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Published => "published",
            Self::Held => "held",
            Self::Discarded => "discarded",
        }
    }

    /// Reads [`Progress::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Sealed, Self::Published, Self::Held, Self::Discarded]
            .into_iter()
            .find(|progress| progress.as_str() == text)
    }
}
