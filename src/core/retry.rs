//! When a run is tried again. The fault's class alone decides whether (`design.md`, Faults).

use chrono::TimeDelta;

use crate::fault::Class;
use crate::moment::Moment;

/// How often and how soon a job is tried again after a fault of class `retry`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all, the first included; at least 1.
    pub n_tries: u32,
    /// The pause after the first try; each further one is twice as long.
    pub first_pause: TimeDelta,
    /// No pause is longer.
    pub longest_pause: TimeDelta,
}

impl Default for RetryPolicy {
    /// Six tries within about an hour: 1, 2, 4, 8 and 16 minutes apart.
    fn default() -> Self {
        Self { n_tries: 6, first_pause: TimeDelta::minutes(1), longest_pause: TimeDelta::minutes(30) }
    }
}

/// What follows a try that ended with a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Tried again, not before this.
    TryAgain(Moment),
    /// Over: a person must look, as the class says, or because it was tried too often.
    Stop,
}

/// Decides after `n_tried` tries, the one that just failed included. `dice` spreads the pause between half
/// and the whole of its length, so that what failed together is not tried again together.
pub fn after_fault(policy: &RetryPolicy, class: Class, n_tried: u32, now: Moment, dice: u32) -> Next {
    if class != Class::Retry || n_tried >= policy.n_tries {
        return Next::Stop;
    }
    Next::TryAgain(now.plus(pause(policy, n_tried, dice)))
}

/// Until when a pause lasts that [`after_fault`] gave; `None` where it is over. One that ends further away than the
/// policy's longest was reckoned by a clock that has been set back since, and is over too.
pub fn pause_left(policy: &RetryPolicy, until: Moment, now: Moment) -> Option<Moment> {
    // Rounded up, a pause may be a second longer.
    let furthest = now.plus(policy.longest_pause).plus(TimeDelta::seconds(1));
    (until > now && until <= furthest).then_some(until)
}

fn pause(policy: &RetryPolicy, n_tried: u32, dice: u32) -> TimeDelta {
    let doublings = n_tried.saturating_sub(1).min(20);
    let whole = policy.first_pause.checked_mul(1 << doublings).unwrap_or(policy.longest_pause);
    let whole = whole.min(policy.longest_pause);
    let half_ms = whole.num_milliseconds() / 2;
    let spread_ms = half_ms * i64::from(dice % 1024) / 1023;
    // Moments are whole seconds: rounded up, a pause never becomes none.
    TimeDelta::seconds((half_ms + spread_ms + 999) / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn now() -> Moment {
        Moment::parse("2026-10-02T01:30:00+09:00").unwrap()
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let policy = RetryPolicy::default();
        let check = |n_tried, shortest_s, longest_s| {
            for (dice, seconds) in [(0, shortest_s), (1023, longest_s)] {
                let expected = Next::TryAgain(now().plus(TimeDelta::seconds(seconds)));
                assert_eq!(after_fault(&policy, Class::Retry, n_tried, now(), dice), expected, "{n_tried}");
            }
        };
        check(1, 30, 60);
        check(2, 60, 120);
        check(5, 8 * 60, 16 * 60);
        let patient = RetryPolicy { n_tries: u32::MAX, ..policy };
        let far = after_fault(&patient, Class::Retry, 1_000_000, now(), 1023);
        assert_eq!(far, Next::TryAgain(now().plus(TimeDelta::minutes(30))));
    }

    #[test]
    fn the_class_alone_decides_until_it_was_tried_too_often() {
        let policy = RetryPolicy::default();
        for class in [Class::Operator, Class::Partner, Class::Bug] {
            assert_eq!(after_fault(&policy, class, 1, now(), 0), Next::Stop);
        }
        assert_ne!(after_fault(&policy, Class::Retry, 5, now(), 0), Next::Stop);
        assert_eq!(after_fault(&policy, Class::Retry, 6, now(), 0), Next::Stop);
    }

    #[test]
    fn a_pause_of_another_clock_is_over() {
        let policy = RetryPolicy::default();
        let check = |seconds: i64, is_left: bool| {
            let until = now().plus(TimeDelta::seconds(seconds));
            assert_eq!(pause_left(&policy, until, now()), is_left.then_some(until), "{seconds}");
        };
        check(-1, false);
        check(0, false);
        check(1, true);
        check(30 * 60 + 1, true);
        check(30 * 60 + 2, false);
        check(365 * 86_400, false);
    }

    proptest! {
        #[test]
        fn a_pause_is_between_half_and_the_longest(n_tried in 1..60u32, dice: u32, first_s in 1..600i64) {
            let longest = TimeDelta::minutes(20);
            let policy =
                RetryPolicy { n_tries: 99, first_pause: TimeDelta::seconds(first_s), longest_pause: longest };
            let pause = pause(&policy, n_tried, dice);
            prop_assert!(pause >= TimeDelta::seconds(1) && pause <= longest + TimeDelta::seconds(1));
            prop_assert!(pause * 2 >= policy.first_pause.min(longest));
            let until = now().plus(pause);
            prop_assert_eq!(pause_left(&policy, until, now()), Some(until));
        }
    }
}
