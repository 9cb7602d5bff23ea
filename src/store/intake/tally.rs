//! What each staged row does to what is held, counted and summed while it is staged: pure, the same for every
//! database.

use renkei_core::port::{StagedRow, TakeCounts, TakeMode};
use renkei_core::state::{FeedState, RowDigest};

/// A row as held before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before {
    pub(crate) bucket: usize,
    pub(crate) digest: RowDigest,
    pub(crate) is_parked: bool,
}

/// What a staged row is to what is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Added,
    Changed,
    Unchanged,
    /// To be removed, and there.
    Removed,
    /// To be removed, and not there.
    Absent,
}

/// The sums over all rows staged.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) n_staged: u64,
    counts: TakeCounts,
    /// All rows staged that are to be held.
    staged: FeedState,
    /// What additions and changes do to what is held.
    moved: FeedState,
    /// What removals do to it.
    taken_out: FeedState,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            n_staged: 0,
            counts: TakeCounts::default(),
            staged: FeedState::empty(),
            moved: FeedState::empty(),
            taken_out: FeedState::empty(),
        }
    }

    /// Counts a row in.
    pub(crate) fn add(&mut self, row: &StagedRow<'_>, before: Option<&Before>) -> Change {
        self.n_staged += 1;
        let (change, count) = match before {
            None if row.is_removed => (Change::Absent, &mut self.counts.absent),
            None => (Change::Added, &mut self.counts.added),
            Some(_) if row.is_removed => (Change::Removed, &mut self.counts.removed),
            // A row that is no longer parked, or is from now on, is another row to whoever reads the table.
            Some(before) if before.digest == row.digest && before.is_parked == row.is_parked => {
                (Change::Unchanged, &mut self.counts.unchanged)
            }
            Some(_) => (Change::Changed, &mut self.counts.changed),
        };
        *count += 1;
        if row.is_removed {
            if let Some(before) = before {
                self.taken_out.remove(before.bucket, &before.digest);
            }
        } else {
            self.staged.add(row.bucket, &row.digest);
            if change != Change::Unchanged {
                self.moved.add(row.bucket, &row.digest);
                if let Some(before) = before {
                    self.moved.remove(before.bucket, &before.digest);
                }
            }
        }
        change
    }

    /// What the rows do in this mode to an intake that holds `n_held` rows.
    pub(crate) fn counts(&self, mode: TakeMode, n_held: u64) -> TakeCounts {
        let kept = self.counts.changed + self.counts.unchanged;
        match mode {
            TakeMode::Diff | TakeMode::Correct => self.counts,
            TakeMode::Merge => TakeCounts { removed: 0, absent: 0, ..self.counts },
            TakeMode::Replace => TakeCounts { removed: n_held.saturating_sub(kept), ..self.counts },
        }
    }

    /// What is held after them, where `held` was before. After a replacement it is what was staged, whatever was
    /// thought to be held.
    pub(crate) fn state_after(&self, mode: TakeMode, held: &FeedState) -> FeedState {
        let mut after = held.clone();
        match mode {
            TakeMode::Replace => after = self.staged.clone(),
            TakeMode::Merge => after.merge(&self.moved),
            TakeMode::Diff | TakeMode::Correct => {
                after.merge(&self.moved);
                after.merge(&self.taken_out);
            }
        }
        after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: RowDigest = RowDigest([1; 32]);
    const NEW: RowDigest = RowDigest([2; 32]);

    fn row(digest: RowDigest, is_removed: bool, is_parked: bool) -> StagedRow<'static> {
        StagedRow { key: b"k", bucket: 7, digest, is_removed, is_parked, values: &[] }
    }

    fn held(is_parked: bool) -> Before {
        Before { bucket: 7, digest: OLD, is_parked }
    }

    #[test]
    fn a_row_is_judged_by_digest_and_parking() {
        let check = |row, before: Option<Before>, expected| {
            assert_eq!(Tally::new().add(&row, before.as_ref()), expected, "{row:?} after {before:?}");
        };
        check(row(NEW, false, false), None, Change::Added);
        check(row(NEW, false, false), Some(held(false)), Change::Changed);
        check(row(OLD, false, false), Some(held(false)), Change::Unchanged);
        check(row(OLD, false, true), Some(held(true)), Change::Unchanged);
        check(row(OLD, false, true), Some(held(false)), Change::Changed);
        check(row(OLD, false, false), Some(held(true)), Change::Changed);
        check(row(OLD, true, false), Some(held(false)), Change::Removed);
        check(row(OLD, true, false), None, Change::Absent);
    }

    #[test]
    fn the_state_after_is_what_each_mode_leaves() {
        let mut before = FeedState::empty();
        before.add(7, &OLD);
        let mut tally = Tally::new();
        tally.add(&row(OLD, true, false), Some(&held(false)));
        tally.add(&row(NEW, false, false), None);
        let mut both = before.clone();
        both.add(7, &NEW);
        let mut new_only = FeedState::empty();
        new_only.add(7, &NEW);
        assert_eq!(tally.state_after(TakeMode::Diff, &before), new_only);
        assert_eq!(tally.state_after(TakeMode::Merge, &before), both);
        assert_eq!(tally.state_after(TakeMode::Replace, &FeedState::empty()), new_only);
    }
}
