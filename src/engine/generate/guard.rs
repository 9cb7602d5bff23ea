//! The guard's look at what is staged: with what the feed's receivers hold, and with its own nights.

use renkei_core::guard::{Decision, Facts, Learned, Review, judge};
use renkei_core::notice::Notice;
use renkei_core::publication::{Kind, Progress};

use super::staged::{Desk, Made};
use crate::error::EngineError;

/// How many publications are looked through for diffs to learn from; fulls, extracts and held ones lie between.
const N_LOOKED_THROUGH: u32 = 64;

/// The review of a staged full or diff, with the bounds it exceeds.
pub(super) fn review(desk: &Desk<'_>, made: &Made) -> Result<Review, EngineError> {
    let rows = |n_rows: i64| u64::try_from(n_rows).unwrap_or(0);
    let facts = Facts {
        n_held: desk.base.as_ref().map(|base| rows(base.state.n_rows())),
        n_after: rows(made.state_after.n_rows()),
        changes: made.changes,
        earlier_diffs: if made.changes.is_some() { earlier_diffs(desk)? } else { Vec::new() },
    };
    let exceeded = match judge(&desk.maker.feed.guard, &facts) {
        Decision::Pass => Vec::new(),
        Decision::Hold(exceeded) => exceeded,
    };
    Ok(Review { exceeded, ..made.review.clone() })
}

/// The rows of the diffs published last, newest first. One that had to be released says nothing about nights.
fn earlier_diffs(desk: &Desk<'_>) -> Result<Vec<u64>, EngineError> {
    let teaches = |review: Option<&Review>| review.is_none_or(|review| !review.is_held());
    let last = desk.snapshot.last_publications(Some(&desk.maker.feed.id), N_LOOKED_THROUGH)?;
    last.iter()
        .filter(|one| one.kind == Kind::Diff && one.progress == Progress::Published)
        .filter(|one| teaches(one.review.as_ref()))
        .take(Learned::N_LOOKED_AT)
        .map(|one| Ok(Notice::parse(one.notice.as_bytes())?.n_rows))
        .collect()
}
