//! Runs, with the tries, steps and slots that go with them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kept, Rules, Verdict, judge_age};
use crate::moment::Moment;

/// An old run, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunAge {
    /// Its id.
    pub run_id: String,
    /// The run it is a part of.
    pub parent: Option<String>,
    /// Whether something may still happen to it: it is under way, waits, or made a publication that does.
    pub is_open: bool,
    /// When it ended; `None` where that cannot be read.
    pub ended_at: Option<Moment>,
    /// The planned time of the last slot that names it.
    pub slot: Option<Moment>,
}

/// Judges runs; one verdict for each, in the same order. A run and its parts stay or go together, so all parts
/// of a run must be among them.
pub fn judge_runs(rules: &Rules, all: &[RunAge], now: Moment) -> Vec<Verdict> {
    let mut whole: BTreeMap<&str, Verdict> = BTreeMap::new();
    for run in all {
        let root = run.parent.as_deref().unwrap_or(&run.run_id);
        let verdict = judge_one(rules, run, now);
        let known = whole.entry(root).or_insert(None);
        // The strongest reason of any part is the reason of all.
        *known = (*known).max(verdict);
    }
    let listed: BTreeSet<&str> = all.iter().map(|run| run.run_id.as_str()).collect();
    all.iter()
        .map(|run| match &run.parent {
            Some(parent) if !listed.contains(parent.as_str()) => Some(Kept::Unknown),
            parent => whole.get(parent.as_deref().unwrap_or(&run.run_id)).copied().flatten(),
        })
        .collect()
}

fn judge_one(rules: &Rules, run: &RunAge, now: Moment) -> Verdict {
    if run.is_open {
        return Some(Kept::RunOpen);
    }
    if let Some(slot) = run.slot
        && now.since(slot) < rules.slots
    {
        return Some(Kept::Slot);
    }
    judge_age(run.ended_at, rules.runs, now)
}
