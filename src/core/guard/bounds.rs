//! What is held: the bounds of a feed, with defaults a municipality can start with.

use serde::{Deserialize, Serialize};

/// A share in whole percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Percent(pub u32);

impl Percent {
    /// The share of a number of rows, rounded down.
    pub fn of(self, n_rows: u64) -> u64 {
        u64::try_from(u128::from(n_rows) * u128::from(self.0) / 100).unwrap_or(u64::MAX)
    }
}

/// The bounds of one feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct GuardBounds {
    /// For diffs.
    pub diff: DiffBounds,
    /// For fulls.
    pub full: FullBounds,
}

/// What a diff may change. A bound that is `None` is not looked at.
///
/// An ordinary night changes 0.1 to 0.5 % of a town's rows. With the defaults a town of 5,000 is held from 250
/// rows on, one of 300,000 from 15,000 on, or from what its own nights have taught.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DiffBounds {
    /// Diffs of no more rows than this pass the bounds that are shares or learned: in a village, one
    /// household is a large share.
    pub min_rows: u64,
    /// The most rows of a diff.
    pub max_changed_rows: Option<u64>,
    /// The most rows a diff takes away.
    pub max_deleted_rows: Option<u64>,
    /// The most rows of a diff, as a share of those the receiver holds.
    pub max_share: Option<Percent>,
    /// The most rows a diff takes away, as a share of those the receiver holds.
    pub max_deleted_share: Option<Percent>,
    /// The bound learned from the feed's own nights.
    pub learned: Option<Learned>,
}

impl Default for DiffBounds {
    fn default() -> Self {
        Self {
            min_rows: 100,
            max_changed_rows: None,
            max_deleted_rows: None,
            max_share: Some(Percent(5)),
            max_deleted_share: Some(Percent(2)),
            learned: Some(Learned::default()),
        }
    }
}

/// A bound learned from the diffs published last: `factor` times the largest of them, and never less than 1 % of
/// what the receiver holds, so that a night after quiet weeks is not held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Learned {
    /// How many times the largest, from 1.
    pub factor: u32,
}

impl Learned {
    /// How many diffs are looked at, newest first; those that were held teach nothing.
    pub const N_LOOKED_AT: usize = 20;
    /// From how many diffs with rows on there is something to learn.
    pub const N_NEEDED: usize = 5;
    /// What the bound never goes below.
    pub const FLOOR: Percent = Percent(1);
}

impl Default for Learned {
    fn default() -> Self {
        Self { factor: 10 }
    }
}

/// How far a full may be from what its receivers hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FullBounds {
    /// The most rows by which it shrinks, as a share of those held.
    pub max_shrink: Option<Percent>,
    /// The most rows by which it grows, as a share of those held.
    pub max_growth: Option<Percent>,
}

impl Default for FullBounds {
    fn default() -> Self {
        Self { max_shrink: Some(Percent(5)), max_growth: Some(Percent(20)) }
    }
}
