//! The main job as an operator drives it: what is to be reached, and the next command towards it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::sandbox::{ALL_ITEMS, CP932, Outcome, PLAIN, Sandbox, files, moves};
use crate::state::HubState;

/// One command of the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// A load or a set of moves, giving this commit.
    Commit(u64, &'static str, &'static str),
    /// One publication of each feed, with this sequence.
    Publish(&'static [&'static str], u64, &'static [&'static str]),
}

/// A feed with a report of degraded characters, one that is parted, and a plain one.
pub(crate) const FEEDS: [&str; 3] = [PLAIN, CP932, ALL_ITEMS];

/// The flow, from an empty hub on.
pub(crate) const FLOW: [Stage; 10] = [
    Stage::Commit(1, "load", "town/residents.csv"),
    Stage::Publish(&FEEDS, 1, &["--full"]),
    Stage::Commit(2, "apply", "moves-1.csv"),
    Stage::Publish(&FEEDS, 2, &["--diff"]),
    Stage::Commit(3, "apply", "renaming.csv"),
    Stage::Publish(&FEEDS, 3, &["--diff"]),
    Stage::Publish(&[CP932], 4, &["--single", RENAMED]),
    Stage::Publish(&[ALL_ITEMS], 4, &["--as-of", "2026-01-01"]),
    Stage::Commit(4, "apply", "moves-2.csv"),
    Stage::Publish(&[CP932, ALL_ITEMS], 5, &["--full"]),
];

/// A resident of the town.
const RENAMED: &str = "000000100000000";

impl Stage {
    /// Its command; of a publication, for the feeds that still lack it.
    fn command(self, missing: &[&'static str]) -> Vec<&'static str> {
        match self {
            Self::Commit(_, verb, file) => vec![verb, file],
            Self::Publish(_, _, content) => [&["generate"], missing, content].concat(),
        }
    }

    /// Its whole command.
    pub(crate) fn whole_command(self) -> Vec<&'static str> {
        match self {
            Self::Commit(..) => self.command(&[]),
            Self::Publish(feeds, ..) => self.command(feeds),
        }
    }
}

/// A hub in which the flow can begin.
pub(crate) fn hub() -> Sandbox {
    let sandbox = Sandbox::new().init().town(60, 24);
    sandbox.replace("hub/hub.toml", "part_rows = 1000000", "part_rows = 15");
    sandbox.cut_moves(2);
    // 𠮟 goes through the degrade map, so the CP932 feed has a report beside its data.
    sandbox.write("renaming.csv", &moves::renaming(&[(RENAMED, "𠮟田　太郎")]));
    sandbox
}

/// What stands in the database, as an operator reads it.
struct Reached {
    n_commits: u64,
    sequences: BTreeMap<String, u64>,
}

impl Reached {
    fn of(sandbox: &Sandbox) -> Self {
        let list = |command: &str| {
            // Before the first command there is no database.
            let outcome = sandbox.run(&[command, "--json"]);
            if outcome.status.success() { outcome.json() } else { Value::Array(Vec::new()) }
        };
        let mut sequences = BTreeMap::new();
        for line in list("publications").as_array().unwrap() {
            sequences.insert(line["feed"].as_str().unwrap().to_owned(), line["sequence"].as_u64().unwrap());
        }
        let n_commits = list("commits").as_array().unwrap().len() as u64;
        Self { n_commits, sequences }
    }

    /// The command that a stage still needs.
    fn command(&self, stage: Stage) -> Option<Vec<&'static str>> {
        match stage {
            Stage::Commit(no, ..) => (self.n_commits < no).then(|| stage.command(&[])),
            Stage::Publish(feeds, sequence, _) => {
                let has = |feed: &str| self.sequences.get(feed).is_some_and(|found| *found >= sequence);
                let missing: Vec<&str> = feeds.iter().copied().filter(|feed| !has(feed)).collect();
                (!missing.is_empty()).then(|| stage.command(&missing))
            }
        }
    }
}

/// The next command that the first `n_stages` stages need; `None` when all are reached.
pub(crate) fn next_command(sandbox: &Sandbox, n_stages: usize) -> Option<Vec<&'static str>> {
    let reached = Reached::of(sandbox);
    FLOW.iter().take(n_stages).find_map(|stage| reached.command(*stage))
}

/// Runs what the first `n_stages` stages still need, until nothing is.
pub(crate) fn drive(sandbox: &Sandbox, n_stages: usize) {
    for _ in 0..=2 * n_stages {
        match next_command(sandbox, n_stages) {
            Some(command) => drop(sandbox.run(&command).expect(0)),
            None => return,
        }
    }
    panic!("the flow makes no progress");
}

/// A command that writes nothing itself, but finishes what was cut off.
pub(crate) fn close(sandbox: &Sandbox) -> Outcome {
    sandbox.run(&["load", "town/residents.csv"])
}

/// The undisturbed flow: the hub before each stage, and after the last.
pub(crate) struct Undisturbed {
    pub(crate) hubs: Vec<Sandbox>,
    pub(crate) states: Vec<Option<HubState>>,
}

impl Undisturbed {
    pub(crate) fn run() -> Self {
        let start = hub();
        let (mut hubs, mut states) = (vec![start.copy()], vec![None]);
        for stage in FLOW {
            start.run(&stage.whole_command()).expect(0);
            states.push(Some(HubState::of(&start)));
            hubs.push(start.copy());
        }
        Self { hubs, states }
    }

    /// Fails unless the sandbox holds what the undisturbed flow held after `n_stages` stages.
    #[track_caller]
    pub(crate) fn compare(&self, sandbox: &Sandbox, n_stages: usize, note: &str) {
        let expected = self.states[n_stages].as_ref().unwrap();
        let found = HubState::of(sandbox);
        assert!(
            found == *expected,
            "{note}: not what an undisturbed run leaves\n{}\n{}",
            difference(expected, &found),
            files::tree(sandbox.folder())
        );
    }
}

/// The lines of two states that differ.
pub(crate) fn difference(expected: &HubState, found: &HubState) -> String {
    let (expected, found) = (format!("{expected:#?}"), format!("{found:#?}"));
    let lacks = |lines: &str, line: &str| !lines.lines().any(|other| other == line);
    let missing = expected.lines().filter(|line| lacks(&found, line)).map(|line| format!("- {line}\n"));
    let added = found.lines().filter(|line| lacks(&expected, line)).map(|line| format!("+ {line}\n"));
    missing.chain(added).take(60).collect()
}
