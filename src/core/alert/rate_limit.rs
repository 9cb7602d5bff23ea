//! How many messages go out in a period. What is beyond is held, counted, and told in one summary.

use chrono::TimeDelta;

use crate::moment::Moment;

/// At most `n_max` messages of a channel in any `period_s` seconds, a summary counting as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// How many, from 1.
    pub n_max: u32,
    /// The period, in seconds.
    pub period_s: u32,
}

/// A message that waits to go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// Its number.
    pub message_no: u64,
    /// After a failed try: not before this.
    pub not_before: Option<Moment>,
}

/// What to do with the messages that wait. Each is in exactly one of the lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// To be sent now, each by itself.
    pub send: Vec<u64>,
    /// To be told now in one summary; none, or two and more.
    pub summarise: Vec<u64>,
    /// To wait.
    pub hold: Vec<u64>,
    /// When to look again; `None` when nothing waits.
    pub hold_until: Option<Moment>,
}

impl RateLimit {
    /// So many in an hour.
    pub const fn per_hour(n_max: u32) -> Self {
        Self { n_max, period_s: 3600 }
    }

    /// Decides for one channel. `log` has the moments at which messages went out, in any order, at least those
    /// of the last period; `pending` is in the order of numbers.
    ///
    /// Of the messages a period has room for, the last is kept for a summary of the rest. A moment after `now`
    /// is of a clock that went back: it counts like one as long ago.
    pub fn decide(&self, log: &[Moment], pending: &[Pending], now: Moment) -> Plan {
        let period = TimeDelta::seconds(self.period_s.into());
        let age = |at: &Moment| (now.local() - at.local()).abs();
        let mut recent: Vec<Moment> = log.iter().copied().filter(|at| age(at) < period).collect();
        recent.sort();
        let n_max = usize::try_from(self.n_max.max(1)).unwrap_or(usize::MAX);
        let n_free = n_max.saturating_sub(recent.len());

        let (waiting, due): (Vec<&Pending>, Vec<&Pending>) =
            pending.iter().partition(|message| message.not_before.is_some_and(|moment| moment > now));
        let mut plan = Plan { hold: numbers(&waiting), ..Plan::default() };
        let next_try = waiting.iter().filter_map(|message| message.not_before).min();
        let mut room_at = None;
        match n_free {
            0 if !due.is_empty() => {
                plan.hold.extend(numbers(&due));
                plan.hold.sort_unstable();
                // There is room when so many have left the period that fewer than the most are in it.
                let leaving = recent.len().checked_sub(n_max).and_then(|place| recent.get(place));
                room_at = leaving.map(|at| Moment::at(at.local() + period));
            }
            _ if due.len() <= n_free => plan.send = numbers(&due),
            _ => {
                let (alone, together) = due.split_at_checked(n_free - 1).unwrap_or((&due, &[]));
                plan.send = numbers(alone);
                plan.summarise = numbers(together);
            }
        }
        plan.hold_until = next_try.into_iter().chain(room_at).min();
        plan
    }
}

fn numbers(messages: &[&Pending]) -> Vec<u64> {
    messages.iter().map(|message| message.message_no).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::from_unix(1_790_872_200 + seconds).unwrap()
    }

    fn waiting(numbers: &[u64]) -> Vec<Pending> {
        numbers.iter().map(|&message_no| Pending { message_no, not_before: None }).collect()
    }

    /// With three in 60 seconds: what is decided at second 100.
    #[track_caller]
    fn check(log: &[i64], pending: &[u64], expect: (&[u64], &[u64], &[u64], Option<i64>)) {
        let log: Vec<Moment> = log.iter().copied().map(at).collect();
        let plan = RateLimit { n_max: 3, period_s: 60 }.decide(&log, &waiting(pending), at(100));
        let (send, summarise, hold, until) = expect;
        let expected = Plan {
            send: send.to_vec(),
            summarise: summarise.to_vec(),
            hold: hold.to_vec(),
            hold_until: until.map(at),
        };
        assert_eq!(plan, expected, "{log:?} {pending:?}");
    }

    #[test]
    fn messages_go_out_while_there_is_room() {
        check(&[], &[], (&[], &[], &[], None));
        check(&[], &[1, 2, 3], (&[1, 2, 3], &[], &[], None));
        check(&[10, 39, 40], &[1, 2, 3], (&[1, 2, 3], &[], &[], None));
    }

    #[test]
    fn the_last_place_is_for_a_summary_of_the_rest() {
        check(&[], &[1, 2, 3, 4, 5], (&[1, 2], &[3, 4, 5], &[], None));
        check(&[50, 60], &[4, 5], (&[], &[4, 5], &[], None));
        check(&[50, 60], &[4], (&[4], &[], &[], None));
    }

    #[test]
    fn beyond_it_they_wait_for_the_period_to_end() {
        check(&[50, 60, 70], &[4], (&[], &[], &[4], Some(110)));
        check(&[70, 50, 60, 90], &[4, 5], (&[], &[], &[4, 5], Some(120)));
    }

    #[test]
    fn a_clock_that_went_back_holds_nothing_for_ever() {
        check(&[90_000, 90_001, 90_002], &[4], (&[4], &[], &[], None));
        check(&[120, 121, 122], &[4], (&[], &[], &[4], Some(180)));
    }

    #[test]
    fn a_failed_try_waits_for_its_time() {
        let limit = RateLimit { n_max: 3, period_s: 60 };
        let later = Pending { message_no: 1, not_before: Some(at(130)) };
        let due = Pending { message_no: 2, not_before: Some(at(100)) };
        let plan = limit.decide(&[], &[later, due], at(100));
        assert_eq!((plan.send, plan.hold, plan.hold_until), (vec![2], vec![1], Some(at(130))));
    }

    proptest! {
        /// Messages come at any time, someone looks at any time; tries may fail.
        #[test]
        fn nothing_is_lost_and_no_period_has_too_many(
            n_max in 1_u32..6,
            steps in proptest::collection::vec((0_i64..40, 0_u64..6, any::<bool>()), 1..80),
        ) {
            let limit = RateLimit { n_max, period_s: 60 };
            let (mut log, mut pending, mut told) = (Vec::new(), Vec::new(), Vec::new());
            let (mut clock, mut last_no) = (0, 0);
            let quiet = (0..200).map(|_| (61, 0, false));
            for (pause, n_new, fails) in steps.into_iter().chain(quiet) {
                clock += pause;
                for _ in 0..n_new {
                    last_no += 1;
                    pending.push(Pending { message_no: last_no, not_before: None });
                }
                let now = at(clock);
                let plan = limit.decide(&log, &pending, now);
                let mut all: Vec<u64> =
                    [&plan.send, &plan.summarise, &plan.hold].into_iter().flatten().copied().collect();
                all.sort_unstable();
                prop_assert_eq!(all, numbers(&pending.iter().collect::<Vec<_>>()));
                prop_assert_ne!(plan.summarise.len(), 1);
                prop_assert!(plan.hold.is_empty() || plan.hold_until.is_some_and(|until| until > now));
                if fails {
                    continue;
                }
                let messages = plan.send.iter().map(|no| vec![*no]);
                let summary = Some(plan.summarise.clone()).filter(|summary| !summary.is_empty());
                for message in messages.chain(summary) {
                    log.push(now);
                    told.extend(message);
                }
                pending.retain(|message| plan.hold.contains(&message.message_no));
            }
            told.sort_unstable();
            prop_assert_eq!(told, (1..=last_no).collect::<Vec<_>>());
            for start in &log {
                let within = log.iter().filter(|at| **at >= *start && (at.local() - start.local()).num_seconds() < 60);
                prop_assert!(within.count() <= usize::try_from(n_max).unwrap());
            }
        }
    }
}
