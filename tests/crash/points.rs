//! Killed at every point of [`POINTS`], and again while it recovers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use renkei_engine::POINTS;

use crate::flow::{FLOW, Stage, Undisturbed, close, drive, next_command};
use crate::sandbox::{Sandbox, files};
use crate::verbs;

/// One case: which stage is cut off where, each time it is started.
struct Case {
    /// The index of the stage in the flow.
    stage: usize,
    /// Points to be killed at, one for each start, with the how-manieth time it is reached.
    stops: Vec<String>,
}

/// Points of a prefix, in order.
fn points_of(prefix: &str) -> impl Iterator<Item = &'static str> {
    let elsewhere: Vec<&str> = verbs::points().collect();
    POINTS.into_iter().filter(move |point| point.starts_with(prefix) && !elsewhere.contains(point))
}

/// Every point of every stage; with several feeds, within the first, second and third of them.
fn single_kills() -> Vec<Case> {
    let mut cases = Vec::new();
    for (stage, what) in FLOW.iter().enumerate() {
        match what {
            Stage::Commit(_, verb, _) => {
                for point in points_of(&format!("{verb}.")) {
                    cases.push(Case { stage, stops: vec![point.to_owned()] });
                }
            }
            Stage::Publish(feeds, ..) => {
                // The first full and the first diff in every feed, the rest in one of them.
                let times = if stage < 4 { 1..=feeds.len() } else { feeds.len()..=feeds.len() };
                for time in times {
                    for point in points_of("publish.") {
                        cases.push(Case { stage, stops: vec![format!("{point}:{time}")] });
                    }
                }
            }
        }
    }
    cases
}

/// Killed within the second feed of a diff, and again at each point of the recovery.
fn double_kills() -> Vec<Case> {
    let first = [
        "publish.sealed",
        "publish.first-file-moved",
        "publish.data-moved",
        "publish.notice-staged",
        "publish.notice-moved",
        "publish.archived",
    ];
    let stage = 5;
    let mut cases = Vec::new();
    for (index, one) in first.iter().enumerate() {
        for other in first.iter().skip(1).chain(&["recover.finished-one", "recover.done"]) {
            cases.push(Case { stage, stops: vec![format!("{one}:2"), (*other).to_owned()] });
        }
        // And once more, at the point after.
        let third = first.get(index + 1).unwrap_or(&"recover.done");
        let stops = vec![format!("{one}:2"), "publish.notice-staged".to_owned(), (*third).to_owned()];
        cases.push(Case { stage, stops });
    }
    for before_seal in ["publish.run-recorded", "publish.staging", "publish.staged"] {
        cases.push(Case { stage, stops: vec![format!("{before_seal}:2"), "recover.done".to_owned()] });
    }
    cases
}

/// Data files and reports seen without their notice, with their digests.
type Seen = BTreeMap<String, String>;

/// Looks at the folders right after a kill.
fn look(sandbox: &Sandbox, note: &str, seen: &mut Seen) {
    let published = sandbox.published();
    for name in files::whole_or_absent(&published, note) {
        seen.insert(name.clone(), files::sha256(&published[&name]));
    }
}

fn check(case: &Case, undisturbed: &Undisturbed, hit: &Mutex<BTreeSet<String>>) {
    let note = format!("stage {} ({:?}) stopped at {}", case.stage, FLOW[case.stage], case.stops.join(", "));
    let sandbox = undisturbed.hubs[case.stage].copy().noted(&note);
    let mut seen = Seen::new();
    let mut command = FLOW[case.stage].whole_command();
    for stop in &case.stops {
        sandbox.run_with(&[("RENKEI_STOP_AT", stop)], &command).expect_killed();
        hit.lock().unwrap().insert(stop.split(':').next().unwrap().to_owned());
        look(&sandbox, &note, &mut seen);
        // The same where nothing was committed, otherwise what is left of it, or the next.
        command = next_command(&sandbox, FLOW.len()).unwrap_or_else(|| FLOW[0].whole_command());
    }
    // The stage itself and the one after it, so that it is seen that the work goes on.
    let n_stages = FLOW.len().min(case.stage + 2);
    drive(&sandbox, n_stages);
    if case.stage + 1 == FLOW.len() {
        close(&sandbox).expect_fault(10, "store.not-empty");
    }
    undisturbed.compare(&sandbox, n_stages, &note);
    let published = sandbox.published();
    assert_eq!(
        files::whole_or_absent(&published, &note),
        Vec::<String>::new(),
        "{note}: files without notice"
    );
    for (name, digest) in seen {
        assert_eq!(
            published.get(&name).map(|bytes| files::sha256(bytes)),
            Some(digest),
            "{note}: {name} was not whole"
        );
    }
}

#[test]
fn stopped_at_every_point_it_ends_the_same() {
    let undisturbed = Undisturbed::run();
    let cases: Vec<Case> = single_kills().into_iter().chain(double_kills()).collect();
    let (next, hit) = (AtomicUsize::new(0), Mutex::new(BTreeSet::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check(case, &undisturbed, &hit);
                }
            });
        }
    });
    let expected: BTreeSet<String> = points_of("").map(str::to_owned).collect();
    assert_eq!(hit.into_inner().unwrap(), expected, "every point is reached by the flow");
}
