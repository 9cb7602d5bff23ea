//! What is done by itself about a receiver that lacks or refused something.

use serde::Serialize;

use super::ways::MendWay;

/// The rule of a receiver.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MendRule {
    /// Nothing: people are told.
    #[default]
    Ask,
    /// What it lacks or refused is given again.
    Diffs,
    /// One merged diff for it alone.
    Merged,
    /// A fresh full.
    Full,
}

impl MendRule {
    /// All of them with their words in `hub.toml`.
    pub const WORDS: [(&'static str, Self); 4] =
        [("ask", Self::Ask), ("diffs", Self::Diffs), ("merged", Self::Merged), ("full", Self::Full)];

    /// The way that is gone; `None` where a person is asked.
    pub const fn way(self) -> Option<MendWay> {
        match self {
            Self::Ask => None,
            Self::Diffs => Some(MendWay::Again),
            Self::Merged => Some(MendWay::Merged),
            Self::Full => Some(MendWay::Full),
        }
    }
}
