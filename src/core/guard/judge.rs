//! The decision: whether a publication passes its feed's bounds.

use crate::guard::{Bound, Exceeded, GuardBounds, Learned, Percent};
use crate::notice::ChangeCounts;

/// What the decision is made from. All in rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// What the receivers of the feed hold; `None` before the first full.
    pub n_held: Option<u64>,
    /// What they hold after it.
    pub n_after: u64,
    /// A diff's changes; `None` for a full.
    pub changes: Option<ChangeCounts>,
    /// The rows of the diffs published before, newest first, without those that were held.
    pub earlier_diffs: Vec<u64>,
}

/// What is to be done with a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is published.
    Pass,
    /// It is made and held; every bound it exceeds, at least one.
    Hold(Vec<Exceeded>),
}

/// Decides. Bounds are the most that passes.
pub fn judge(bounds: &GuardBounds, facts: &Facts) -> Decision {
    let Some(n_held) = facts.n_held.filter(|n_held| *n_held > 0) else { return Decision::Pass };
    let exceeded = match facts.changes {
        Some(changes) => diff(bounds, n_held, changes, &facts.earlier_diffs),
        None => full(bounds, n_held, facts.n_after),
    };
    if exceeded.is_empty() { Decision::Pass } else { Decision::Hold(exceeded) }
}

fn diff(bounds: &GuardBounds, n_held: u64, changes: ChangeCounts, earlier: &[u64]) -> Vec<Exceeded> {
    let bounds = &bounds.diff;
    let n_removed = changes.removed;
    let n_rows = changes.added.saturating_add(changes.changed).saturating_add(n_removed);
    let share = |bound, n_rows, percent: Option<Percent>| {
        let max_rows = percent?.of(n_held).max(bounds.min_rows);
        exceeds(bound, n_rows, Some(max_rows), percent)
    };
    let learned = bounds.learned.and_then(|learned| learned_bound(learned, n_held, earlier));
    [
        exceeds(Bound::MaxChangedRows, n_rows, bounds.max_changed_rows, None),
        exceeds(Bound::MaxDeletedRows, n_removed, bounds.max_deleted_rows, None),
        share(Bound::MaxShare, n_rows, bounds.max_share),
        share(Bound::MaxDeletedShare, n_removed, bounds.max_deleted_share),
        exceeds(Bound::Learned, n_rows, learned.map(|max_rows| max_rows.max(bounds.min_rows)), None),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What the feed's own nights allow, if there were enough of them.
fn learned_bound(learned: Learned, n_held: u64, earlier: &[u64]) -> Option<u64> {
    let looked_at = || earlier.iter().copied().take(Learned::N_LOOKED_AT).filter(|n_rows| *n_rows > 0);
    if looked_at().count() < Learned::N_NEEDED {
        return None;
    }
    let largest = looked_at().max()?;
    Some(largest.saturating_mul(learned.factor.into()).max(Learned::FLOOR.of(n_held)))
}

fn full(bounds: &GuardBounds, n_held: u64, n_after: u64) -> Vec<Exceeded> {
    // A few rows more or less are no mass change in the smallest village either.
    let allowed = |percent: Option<Percent>| Some(percent?.of(n_held).max(1));
    let (shrink, growth) = (bounds.full.max_shrink, bounds.full.max_growth);
    [
        exceeds(Bound::MaxShrink, n_held.saturating_sub(n_after), allowed(shrink), shrink),
        exceeds(Bound::MaxGrowth, n_after.saturating_sub(n_held), allowed(growth), growth),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn exceeds(bound: Bound, n_rows: u64, max_rows: Option<u64>, percent: Option<Percent>) -> Option<Exceeded> {
    let max_rows = max_rows?;
    (n_rows > max_rows).then_some(Exceeded { bound, n_rows, max_rows, percent })
}
