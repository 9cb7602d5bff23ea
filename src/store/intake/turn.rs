//! Whether a set judged a while ago may still be taken in: pure, asked once the intake is this taker's alone.

use renkei_core::port::{IntakeHead, StoreError, TakeMode};
use renkei_core::state::FeedState;

use super::tally::Tally;

/// Fails with [`StoreError::Busy`] where another took in a set after this one was judged: whoever judges again
/// finds it a repeat, older than what is held, or building on something else. Only a state that does not come out
/// as judged, with nobody in between, is [`StoreError::LostUpdate`].
pub(crate) fn require_turn(
    head: Option<&IntakeHead>,
    was_taken: bool,
    next: &IntakeHead,
    mode: TakeMode,
    tally: &Tally,
) -> Result<(), StoreError> {
    let is_diff = matches!(mode, TakeMode::Diff | TakeMode::Correct);
    // What puts the last set right has its number.
    let may_repeat = mode == TakeMode::Correct;
    let is_overtaken = head.is_some_and(|head| {
        let is_before =
            if may_repeat { head.sequence > next.sequence } else { head.sequence >= next.sequence };
        if head.feed == next.feed { is_before } else { is_diff }
    });
    if was_taken && !may_repeat || is_overtaken {
        return Err(StoreError::Busy);
    }
    let before = head.map_or_else(FeedState::empty, |head| head.state.clone());
    if tally.state_after(mode, &before) == next.state { Ok(()) } else { Err(StoreError::LostUpdate) }
}

/// What a set is staged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be taken in.
    Take,
    /// To be seen; nothing is changed.
    Preview,
}

impl Purpose {
    /// Fails where what was staged was only to be seen.
    pub(crate) fn require_take(self) -> Result<(), StoreError> {
        let detail = "a set that was staged to be seen cannot be taken in".to_owned();
        if self == Self::Take { Ok(()) } else { Err(StoreError::Unavailable { detail }) }
    }
}

/// Fails where the rows held have their values in another table: only a replacement fills a new one.
pub(crate) fn require_all(table: &str, held_in: Option<&str>) -> StoreError {
    let held_in = held_in.unwrap_or("no table");
    let detail = format!(
        "the rows held have their values in {held_in}, not in {table}: a full that replaces them is needed"
    );
    StoreError::Unavailable { detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use renkei_core::port::StagedRow;
    use renkei_core::state::RowDigest;
    use renkei_core::{Digest, Moment, Sequence};

    fn head(feed: &str, sequence: u32, n_rows: u8) -> IntakeHead {
        let mut state = FeedState::empty();
        (0..n_rows).for_each(|number| state.add(0, &RowDigest([number; 32])));
        IntakeHead {
            feed: feed.parse().unwrap(),
            version: "1.0".parse().unwrap(),
            sequence: Sequence(sequence),
            content_sha256: Digest([0; 32]),
            state,
            business_date: NaiveDate::MIN,
            taken_at: Moment::from_unix(0).unwrap(),
        }
    }

    #[test]
    fn whoever_was_overtaken_judges_again() {
        let mut tally = Tally::new();
        let row = StagedRow {
            key: b"",
            bucket: 0,
            digest: RowDigest([1; 32]),
            is_removed: false,
            is_parked: false,
            values: &[],
        };
        tally.add(&row, None);
        let check =
            |held: Option<(&str, u32)>, was_taken, next: (&str, u32), mode, expected: Option<StoreError>| {
                let held = held.map(|(feed, sequence)| head(feed, sequence, 1));
                let n_after = if held.is_some() && mode != TakeMode::Replace { 2 } else { 1 };
                let mut next = head(next.0, next.1, n_after);
                if n_after == 1 {
                    next.state = tally.state_after(TakeMode::Replace, &FeedState::empty());
                }
                let found = require_turn(held.as_ref(), was_taken, &next, mode, &tally).err();
                let code = |error: &StoreError| renkei_core::Fault::code(error);
                assert_eq!(found.as_ref().map(code), expected.as_ref().map(code), "{held:?} then {next:?}");
            };
        let busy = || Some(StoreError::Busy);
        check(None, false, ("a", 1), TakeMode::Replace, None);
        check(Some(("a", 1)), false, ("a", 2), TakeMode::Diff, None);
        check(Some(("a", 1)), false, ("b", 1), TakeMode::Replace, None);
        check(Some(("a", 1)), false, ("b", 1), TakeMode::Merge, None);
        check(Some(("a", 1)), true, ("a", 1), TakeMode::Diff, busy());
        check(Some(("b", 9)), true, ("a", 1), TakeMode::Replace, busy());
        check(Some(("a", 3)), false, ("a", 2), TakeMode::Replace, busy());
        check(Some(("b", 1)), false, ("a", 2), TakeMode::Diff, busy());
        check(Some(("a", 2)), true, ("a", 2), TakeMode::Correct, None);
        check(Some(("a", 1)), false, ("a", 2), TakeMode::Correct, None);
        check(Some(("a", 3)), true, ("a", 2), TakeMode::Correct, busy());
        check(Some(("b", 1)), false, ("a", 2), TakeMode::Correct, busy());
    }

    #[test]
    fn a_state_that_does_not_come_out_is_no_ones_turn() {
        let found = require_turn(None, false, &head("a", 1, 1), TakeMode::Replace, &Tally::new());
        assert!(matches!(found, Err(StoreError::LostUpdate)), "{found:?}");
    }
}
