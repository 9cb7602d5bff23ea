//! Which waiting runs start now, and what the others wait for. Pure: the same answer for the daemon, which
//! acts on it, and for `renkei status`, which shows it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::ids::{FeedId, JobId};
use crate::moment::Moment;

/// A run that waits for its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its id; ids sort by when runs were asked for.
    pub run_id: String,
    /// The greater goes first.
    pub priority: i32,
    /// What it takes while it runs.
    pub needs: Needs,
    /// What keeps it back by itself: a retry's pause, a stop window, a hold, other jobs.
    pub blocked: Option<WaitsFor>,
}

/// What a run takes while it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// One unit of each of these.
    pub resources: Vec<String>,
    /// These feeds alone.
    pub feeds: Vec<FeedId>,
}

/// How much may run at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Runs in all.
    pub n_runs: usize,
    /// Units of each named resource; what is not named has one.
    pub resources: BTreeMap<String, u32>,
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "waits_for")]
pub enum WaitsFor {
    /// The end of the pause before its next try.
    Retry {
        /// When it ends.
        #[serde(serialize_with = "shown")]
        until: Moment,
    },
    /// The end of a stop window.
    StopWindow {
        /// When it ends.
        #[serde(serialize_with = "shown")]
        until: Moment,
    },
    /// An operator who holds its job back.
    Release {
        /// Who.
        held_by: String,
        /// Why.
        reason: String,
    },
    /// Other jobs of the same business date.
    Jobs {
        /// Which are not done.
        jobs: Vec<JobId>,
    },
    /// Another run that writes to the same feed.
    Feed {
        /// Which feed.
        feed: FeedId,
    },
    /// A resource that is taken.
    Resource {
        /// Which.
        name: String,
    },
    /// The end of any run: as many run as may.
    Place {
        /// How many may.
        n_runs: usize,
    },
    /// A command that writes to the hub.
    Command {
        /// Who: process, command, since when.
        holder: String,
    },
}

impl fmt::Display for WaitsFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry { until } => write!(f, "next try at {}", until.time_text()),
            Self::StopWindow { until } => write!(f, "stop window until {}", until.time_text()),
            Self::Release { held_by, .. } => write!(f, "held by {held_by}"),
            Self::Jobs { jobs } => {
                let names: Vec<&str> = jobs.iter().map(JobId::as_str).collect();
                write!(f, "after {}", names.join(", "))
            }
            Self::Feed { feed } => write!(f, "feed {feed} is being written"),
            Self::Resource { name } => write!(f, "resource {name} is taken"),
            Self::Place { n_runs } => write!(f, "{n_runs} runs at work"),
            Self::Command { holder } => write!(f, "a command at work: {holder}"),
        }
    }
}

/// What is decided about a waiting run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It starts now.
    Start,
    /// It waits.
    Wait(WaitsFor),
}

/// Decides about every waiting run, in the order given. Runs go by priority, then by when they were asked
/// for. A run that could start but for something taken keeps what it needs for itself: a stream of small
/// runs does not starve a big one.
pub fn decide(waiting: &[Waiting], running: &[Needs], limits: &Limits) -> Vec<Decision> {
    let mut taken = Taken { n_runs: running.len(), ..Taken::default() };
    for needs in running {
        taken.take(needs);
    }
    let mut order: Vec<(usize, &Waiting)> = waiting.iter().enumerate().collect();
    order.sort_by(|(_, one), (_, other)| {
        other.priority.cmp(&one.priority).then_with(|| one.run_id.cmp(&other.run_id))
    });
    let mut decided: Vec<(usize, Decision)> = Vec::with_capacity(waiting.len());
    for (index, run) in order {
        let decision = if let Some(reason) = &run.blocked {
            Decision::Wait(reason.clone())
        } else {
            let lacking = taken.lacking(&run.needs, limits);
            taken.take(&run.needs);
            taken.n_runs += usize::from(lacking.is_none());
            lacking.map_or(Decision::Start, Decision::Wait)
        };
        decided.push((index, decision));
    }
    decided.sort_by_key(|(index, _)| *index);
    decided.into_iter().map(|(_, decision)| decision).collect()
}

#[derive(Default)]
struct Taken<'t> {
    n_runs: usize,
    resources: BTreeMap<&'t str, u32>,
    feeds: Vec<&'t FeedId>,
}

impl<'t> Taken<'t> {
    fn take(&mut self, needs: &'t Needs) {
        for name in &needs.resources {
            *self.resources.entry(name).or_default() += 1;
        }
        self.feeds.extend(&needs.feeds);
    }

    fn lacking(&self, needs: &Needs, limits: &Limits) -> Option<WaitsFor> {
        if self.n_runs >= limits.n_runs {
            return Some(WaitsFor::Place { n_runs: limits.n_runs });
        }
        if let Some(feed) = needs.feeds.iter().find(|feed| self.feeds.contains(feed)) {
            return Some(WaitsFor::Feed { feed: feed.clone() });
        }
        let is_taken = |name: &&String| {
            let n_units = limits.resources.get(*name).copied().unwrap_or(1);
            self.resources.get(name.as_str()).copied().unwrap_or(0) >= n_units
        };
        needs.resources.iter().find(is_taken).map(|name| WaitsFor::Resource { name: name.clone() })
    }
}

fn shown<S: serde::Serializer>(moment: &Moment, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(moment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn needs(resources: &[&str], feeds: &[&str]) -> Needs {
        Needs {
            resources: resources.iter().map(|&name| name.to_owned()).collect(),
            feeds: feeds.iter().map(|feed| feed.parse().unwrap()).collect(),
        }
    }

    fn waiting(run_id: &str, priority: i32, needs: Needs) -> Waiting {
        Waiting { run_id: run_id.to_owned(), priority, needs, blocked: None }
    }

    fn limits(n_runs: usize, resources: &[(&str, u32)]) -> Limits {
        let resources = resources.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        Limits { n_runs, resources }
    }

    #[track_caller]
    fn check(queue: &[Waiting], running: &[Needs], limits: &Limits, expected: &[&str]) {
        let decided: Vec<String> = decide(queue, running, limits)
            .iter()
            .map(|decision| match decision {
                Decision::Start => "start".to_owned(),
                Decision::Wait(reason) => reason.to_string(),
            })
            .collect();
        assert_eq!(decided, expected);
    }

    #[test]
    fn the_greater_priority_goes_first_then_the_older() {
        let queue = [
            waiting("b", 0, needs(&[], &[])),
            waiting("a", 0, needs(&[], &[])),
            waiting("c", 9, needs(&[], &[])),
        ];
        check(&queue, &[], &limits(2, &[]), &["2 runs at work", "start", "start"]);
        check(&queue, &[needs(&[], &[])], &limits(2, &[]), &["2 runs at work", "2 runs at work", "start"]);
    }

    #[test]
    fn one_feed_is_written_by_one_run() {
        let queue = [
            waiting("a", 0, needs(&[], &["f", "g"])),
            waiting("b", 0, needs(&[], &["g"])),
            waiting("c", 0, needs(&[], &["h"])),
        ];
        check(&queue, &[], &limits(9, &[]), &["start", "feed g is being written", "start"]);
        check(
            &queue,
            &[needs(&[], &["f"])],
            &limits(9, &[]),
            &["feed f is being written", "feed g is being written", "start"],
        );
    }

    #[test]
    fn two_fulls_never_run_together() {
        let queue = [waiting("a", 0, needs(&["full"], &["f"])), waiting("b", 0, needs(&["full"], &["g"]))];
        check(&queue, &[], &limits(9, &[]), &["start", "resource full is taken"]);
        check(&queue, &[], &limits(9, &[("full", 2)]), &["start", "start"]);
    }

    #[test]
    fn small_runs_do_not_starve_a_big_one() {
        let queue = [waiting("b", 0, needs(&["disk"], &[])), waiting("a", 5, needs(&["disk", "line"], &[]))];
        check(
            &queue,
            &[needs(&["line"], &[])],
            &limits(9, &[]),
            &["resource disk is taken", "resource line is taken"],
        );
    }

    #[test]
    fn a_blocked_run_takes_nothing() {
        let until = Moment::parse("2026-10-02T03:00:00+09:00").unwrap();
        let blocked = Waiting {
            blocked: Some(WaitsFor::StopWindow { until }),
            ..waiting("a", 9, needs(&["full"], &[]))
        };
        let queue = [blocked, waiting("b", 0, needs(&["full"], &[]))];
        check(&queue, &[], &limits(1, &[]), &["stop window until 03:00:00", "start"]);
    }

    fn any_needs() -> impl Strategy<Value = Needs> {
        let resources = proptest::sample::subsequence(vec!["full", "disk", "line"], 0..=3);
        let feeds = proptest::sample::subsequence(vec!["f", "g", "h", "i"], 0..=2);
        (resources, feeds).prop_map(|(resources, feeds)| needs(&resources, &feeds))
    }

    proptest! {
        /// However runs come and end, limits hold, and the first in line that is not blocked starts as soon
        /// as what it needs is free: nobody waits for ever.
        #[test]
        fn limits_hold_and_the_queue_drains(
            queue in proptest::collection::vec((any_needs(), -2..3i32), 1..12),
            n_runs in 1..4usize,
            n_full in 1..3u32,
            ends in proptest::collection::vec(0..4usize, 40),
        ) {
            let limits = limits(n_runs, &[("full", n_full)]);
            let mut queue: Vec<Waiting> = queue
                .into_iter()
                .enumerate()
                .map(|(no, (needs, priority))| waiting(&format!("{no:02}"), priority, needs))
                .collect();
            let mut running: Vec<Needs> = Vec::new();
            let mut ends = ends.into_iter().cycle();
            let mut n_rounds = 0;
            while !queue.is_empty() {
                n_rounds += 1;
                prop_assert!(n_rounds < 100, "{} runs never start", queue.len());
                let decided = decide(&queue, &running, &limits);
                let (starting, left): (Vec<_>, Vec<_>) =
                    queue.into_iter().zip(decided).partition(|(_, decision)| *decision == Decision::Start);
                prop_assert!(!(starting.is_empty() && running.is_empty()), "all wait for nothing");
                running.extend(starting.into_iter().map(|(run, _)| run.needs));
                queue = left.into_iter().map(|(run, _)| run).collect();
                prop_assert!(running.len() <= limits.n_runs);
                for name in ["full", "disk", "line"] {
                    let n_taken = running.iter().filter(|needs| needs.resources.iter().any(|n| n == name)).count();
                    let n_units = limits.resources.get(name).copied().unwrap_or(1);
                    prop_assert!(n_taken <= usize::try_from(n_units).unwrap());
                }
                for feed in ["f", "g", "h", "i"] {
                    let n_writing = running.iter().filter(|needs| needs.feeds.iter().any(|f| f.as_str() == feed)).count();
                    prop_assert!(n_writing <= 1);
                }
                let end = ends.next().unwrap_or(0) % running.len();
                running.remove(end);
            }
        }
    }
}
