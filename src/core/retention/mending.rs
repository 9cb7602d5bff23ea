//! Diffs for single receivers, in their mailboxes.

use super::{Kept, Rules, Verdict, judge_age};
use crate::moment::Moment;
use crate::publication::Progress;

/// A diff for one receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MendingAge {
    /// How far it has come.
    pub progress: Progress,
    /// Whether it is the last of its feed for its receiver.
    pub is_last: bool,
    /// Whether its receiver holds what it leads to, or more.
    pub is_taken: bool,
    /// When it was sealed; `None` where that cannot be read.
    pub since: Option<Moment>,
}

/// Judges one. What its receiver has still to take in stays whatever its age.
pub fn judge_mending(rules: &Rules, one: MendingAge, now: Moment) -> Verdict {
    match () {
        () if one.progress != Progress::Published => Some(Kept::Unsettled),
        () if one.is_last && !one.is_taken => Some(Kept::Needed),
        () => judge_age(one.since, rules.publications, now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_its_receiver_has_not_taken_in_stays() {
        let now = Moment::parse("2027-11-05T03:00:00+09:00").unwrap();
        let check = |progress, is_last, is_taken, since: &str, expected| {
            let one = MendingAge { progress, is_last, is_taken, since: Moment::parse(since) };
            assert_eq!(judge_mending(&Rules::default(), one, now), expected, "{one:?}");
        };
        let (old, young) = ("2027-10-01T03:00:00+09:00", "2027-10-01T03:00:01+09:00");
        check(Progress::Published, true, true, old, None);
        check(Progress::Published, false, false, old, None);
        check(Progress::Published, true, false, old, Some(Kept::Needed));
        check(Progress::Published, true, true, young, Some(Kept::Young));
        check(Progress::Published, true, true, "", Some(Kept::Unknown));
        check(Progress::Sealed, false, true, old, Some(Kept::Unsettled));
    }
}
