//! What is kept with a publication for the person who reviews it: counts, nothing personal.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::guard::Percent;
use crate::notice::ChangeCounts;

/// The counts of a publication by reason of move, and the bounds it exceeds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Review {
    /// What differs from what receivers hold, by 異動事由 of the row shown.
    pub reasons: BTreeMap<ReasonCode, ChangeCounts>,
    /// Why it is or was held; empty for one that passed.
    pub exceeded: Vec<Exceeded>,
}

impl Review {
    /// Counts one row that differs.
    pub fn count(&mut self, reason: ReasonCode, is_before: bool, is_after: bool) {
        let counts = self.reasons.entry(reason).or_default();
        match (is_before, is_after) {
            (false, _) => counts.added += 1,
            (true, true) => counts.changed += 1,
            (true, false) => counts.removed += 1,
        }
    }

    /// True for a publication that was held.
    pub fn is_held(&self) -> bool {
        !self.exceeded.is_empty()
    }
}

/// A code of 異動事由: two characters, or none where a row has something else there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct ReasonCode(Option<[u8; 2]>);

impl ReasonCode {
    /// Takes the code of a row. What is no code is not kept: it could be anything.
    pub fn of(text: &str) -> Self {
        Self(
            <[u8; 2]>::try_from(text.as_bytes())
                .ok()
                .filter(|code| code.iter().all(u8::is_ascii_alphanumeric)),
        )
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().flatten().try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

impl From<String> for ReasonCode {
    fn from(text: String) -> Self {
        Self::of(&text)
    }
}

impl From<ReasonCode> for String {
    fn from(code: ReasonCode) -> Self {
        code.to_string()
    }
}

/// A bound of [`crate::guard::GuardBounds`], by its key in `hub.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The rows of a diff.
    MaxChangedRows,
    /// The rows a diff takes away.
    MaxDeletedRows,
    /// The rows of a diff, as a share.
    MaxShare,
    /// The rows a diff takes away, as a share.
    MaxDeletedShare,
    /// The rows of a diff against the feed's own nights.
    Learned,
    /// The rows by which a full shrinks.
    MaxShrink,
    /// The rows by which a full grows.
    MaxGrowth,
}

impl Bound {
    /// Its key in `hub.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MaxChangedRows => "max_changed_rows",
            Self::MaxDeletedRows => "max_deleted_rows",
            Self::MaxShare => "max_share",
            Self::MaxDeletedShare => "max_deleted_share",
            Self::Learned => "learned",
            Self::MaxShrink => "max_shrink",
            Self::MaxGrowth => "max_growth",
        }
    }
}

/// One bound that is exceeded, in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exceeded {
    /// Which.
    pub bound: Bound,
    /// How many rows there are of what it counts.
    pub n_rows: u64,
    /// How many it allows here.
    pub max_rows: u64,
    /// The share it was declared as.
    pub percent: Option<Percent>,
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bound, n_rows, max_rows, percent } = self;
        write!(f, "{}: {n_rows} rows, at most {max_rows}", bound.as_str())?;
        percent.map_or(Ok(()), |percent| write!(f, " ({} %)", percent.0))
    }
}
