//! Transfer cases: what they hold of people.

use super::{Kept, Rules, Verdict, judge_age};
use crate::moment::Moment;
use crate::transfer::CaseState;

/// A case whose content is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferAge {
    /// Where it stands.
    pub state: CaseState,
    /// Whether a file of it is not with its receiver yet.
    pub is_on_its_way: bool,
    /// From when its time counts; `None` where that cannot be read.
    pub counts_from: Option<Moment>,
}

/// Judges a case. One that nobody decided stays, whatever its age: it is work that was not done.
pub fn judge_transfer(rules: &Rules, age: TransferAge, now: Moment) -> Verdict {
    match age.state {
        CaseState::Received | CaseState::Compared(_) | CaseState::Verified => Some(Kept::Undecided),
        CaseState::Applied | CaseState::Rejected if age.is_on_its_way => Some(Kept::Unsettled),
        CaseState::Applied | CaseState::Rejected => judge_age(age.counts_from, rules.transfer, now),
        CaseState::Erased => Some(Kept::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::Outcome;

    #[test]
    fn what_is_decided_and_given_goes_after_its_time() {
        let now = Moment::parse("2027-11-05T03:00:00+09:00").unwrap();
        let check = |state, is_on_its_way, counts_from: &str, expected| {
            let age = TransferAge { state, is_on_its_way, counts_from: Moment::parse(counts_from) };
            assert_eq!(judge_transfer(&Rules::default(), age, now), expected, "{age:?}");
        };
        let (old, young) = ("2026-10-01T03:00:00+09:00", "2026-10-01T03:00:01+09:00");
        for state in [CaseState::Applied, CaseState::Rejected] {
            check(state, false, old, None);
            check(state, false, young, Some(Kept::Young));
            check(state, true, old, Some(Kept::Unsettled));
            check(state, false, "", Some(Kept::Unknown));
            check(state, false, "2030-01-01T00:00:00+09:00", Some(Kept::Young));
        }
        for state in [CaseState::Received, CaseState::Compared(Outcome::NotFound), CaseState::Verified] {
            check(state, false, old, Some(Kept::Undecided));
        }
    }
}
