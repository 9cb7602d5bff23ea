//! The proofs without which nothing is published.
//!
//! A diff is read back from the stage as a receiver would read it, and applied to the state before: the
//! state after must come out. A full of a feed that was published before must be where all its diffs lead.

use std::collections::HashMap;

use renkei_core::guard::Review;
use renkei_core::notice::DataFile;
use renkei_core::state::FeedState;

use super::diff::{Difference, differences_in, move_state, review_of, window_since};
use super::staged::Desk;
use crate::error::EngineError;
use crate::judge::{FileJudge, KeyOrder};

/// Reads the staged diff and applies it to the state before.
pub(super) fn diff_leads_to_state(
    desk: &Desk<'_>,
    before: &FeedState,
    differences: &[Difference],
    files: &[DataFile],
    after: &FeedState,
) -> Result<(), EngineError> {
    let feed = desk.maker.feed;
    let failed = |what: String| Err(EngineError::ProofFailed { feed: feed.id.clone(), what });
    let mut known: HashMap<&[u8], &Difference> =
        differences.iter().map(|difference| (difference.key.as_slice(), difference)).collect();
    if known.len() != differences.len() {
        return failed("the diff has a key twice".to_owned());
    }
    let mut state = before.clone();
    let mut judge =
        FileJudge::new(&feed.layout, feed.file, desk.house.clock.now().date(), KeyOrder::Unchecked);
    for file in files {
        let source = desk.house.folders.read_staged(desk.stage, &file.name)?;
        let read = judge.judge(source, &mut |batch| {
            if let Some(issue) = batch.refused().first() {
                return failed(format!("the staged diff cannot be read back: {issue}"));
            }
            for row in batch.rows() {
                let Some(difference) = known.remove(row.key()) else {
                    return failed("the staged diff has a row that was not asked for".to_owned());
                };
                if let Some(old) = &difference.before {
                    state.remove(row.bucket(), old);
                }
                if !row.is_removed() {
                    state.add(row.bucket(), &row.digest());
                }
            }
            Ok(())
        })?;
        if let Some(error) = read.unreadable {
            return failed(format!("the staged diff cannot be read back: {error}"));
        }
    }
    if !known.is_empty() {
        return failed(format!("the staged diff lacks {} rows", known.len()));
    }
    if state != *after {
        let buckets = state.differing_buckets(after).len();
        return failed(format!(
            "previous state and diff do not give the new state ({buckets} buckets differ)"
        ));
    }
    Ok(())
}

/// Compares a full's fresh state with the one the feed's publications and the changes since lead to.
///
/// Where declarations changed or the registry was loaded in between, the full is the remedy and there is
/// nothing to compare. Gives the counts of those changes.
pub(super) fn full_follows_from_diffs(desk: &Desk<'_>, fresh: &FeedState) -> Result<Review, EngineError> {
    let Some(base) = &desk.base else { return Ok(Review::default()) };
    let Ok(window) = window_since(desk, base) else { return Ok(Review::default()) };
    let mut expected = base.state.clone();
    let differences = differences_in(desk, window)?;
    move_state(&mut expected, &differences);
    if expected == *fresh {
        return Ok(review_of(&differences));
    }
    let buckets = expected.differing_buckets(fresh).len();
    Err(EngineError::ProofFailed {
        feed: desk.maker.feed.id.clone(),
        what: format!(
            "the full is not where publication {} and the changes since lead ({buckets} of 256 buckets differ, {} rows against {})",
            base.sequence,
            fresh.n_rows(),
            expected.n_rows(),
        ),
    })
}
