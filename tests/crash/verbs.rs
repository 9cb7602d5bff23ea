//! Killed while something is held, released, discarded, given again or made again.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use renkei_engine::POINTS;

use crate::flow;
use crate::sandbox::{ALL_ITEMS, Sandbox, files, moves};
use crate::state::HubState;

/// What an operator does, from a hub prepared for it.
struct Verb {
    /// For messages.
    name: &'static str,
    /// The hub before.
    prepare: fn(&Sandbox),
    /// The command.
    command: &'static [&'static str],
    /// Its exit code.
    exit: i32,
    /// Where it may be cut off.
    points: &'static [&'static str],
    /// True if the publications on record show that nothing is left to be done.
    is_done: fn(&Sandbox) -> bool,
}

const VERBS: [Verb; 5] = [
    Verb {
        name: "hold",
        prepare: |_| {},
        command: &["generate", ALL_ITEMS, "--diff"],
        exit: 10,
        points: &["publish.staged", "publish.held"],
        is_done: |sandbox| progress(sandbox, 2) == "held",
    },
    Verb {
        name: "release",
        prepare: hold,
        command: &["held", "release", ALL_ITEMS, "--reason", "確認済み"],
        exit: 0,
        points: &[
            "release.begun",
            "release.recorded",
            "publish.first-file-moved",
            "publish.data-moved",
            "publish.notice-staged",
            "publish.notice-moved",
            "publish.archived",
        ],
        is_done: |sandbox| progress(sandbox, 2) == "published",
    },
    Verb {
        name: "discard",
        prepare: hold,
        command: &["held", "discard", ALL_ITEMS, "--reason", "誤り"],
        exit: 0,
        points: &["discard.recorded"],
        is_done: |sandbox| progress(sandbox, 2) == "discarded",
    },
    Verb {
        name: "redeliver",
        prepare: disturb,
        command: &["redeliver", ALL_ITEMS, "1", "--reason", "受け手の依頼"],
        exit: 0,
        points: &[
            "redeliver.begun",
            "redeliver.first-file-back",
            "redeliver.data-back",
            "redeliver.notice-given",
        ],
        is_done: |sandbox| sandbox.audit().iter().any(|line| line.action.starts_with("redeliver")),
    },
    Verb {
        name: "remake",
        prepare: release,
        command: &["remake", ALL_ITEMS, "1", "--reason", "前夜の誤り"],
        exit: 0,
        points: &["publish.run-recorded", "publish.staged", "publish.sealed", "publish.notice-moved"],
        is_done: |sandbox| progress(sandbox, 3) == "published",
    },
];

/// The points that [`crate::points`] does not come to.
pub(crate) fn points() -> impl Iterator<Item = &'static str> {
    POINTS.into_iter().filter(|point| {
        let (verb, _) = point.split_once('.').unwrap();
        *point == "publish.held" || ["release", "discard", "redeliver"].contains(&verb)
    })
}

/// A hub whose feed in parts is published in full and would next have a diff that is held.
fn hub() -> Sandbox {
    let sandbox = flow::hub();
    let bounded = "[feed.guard]\nmin_rows = 0\nmax_changed_rows = 5\n";
    let text = fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    fs::write(sandbox.path("hub/hub.toml"), text + bounded).unwrap();
    sandbox.run(&["load", "town/residents.csv"]).expect(0);
    sandbox.generate(&[ALL_ITEMS], &["--full"]).expect(0);
    let residents = sandbox.japanese();
    let names: Vec<_> = residents.iter().take(20).map(|id| (id.as_str(), "山田　改")).collect();
    sandbox.write("mass.csv", &moves::renaming(&names));
    sandbox.run(&["apply", "mass.csv"]).expect(0);
    sandbox
}

fn hold(sandbox: &Sandbox) {
    sandbox.generate(&[ALL_ITEMS], &["--diff"]).expect(10);
}

fn release(sandbox: &Sandbox) {
    hold(sandbox);
    sandbox.run(&["held", "release", ALL_ITEMS, "--reason", "確認済み"]).expect(0);
}

/// A receiver removes one part of the full and the notice, and changes another part.
fn disturb(sandbox: &Sandbox) {
    release(sandbox);
    let notice = sandbox.notices(ALL_ITEMS)[0].clone();
    let parts = files::data_files(&notice);
    fs::remove_file(&parts[0]).unwrap();
    files::edit(&parts[1], |bytes| bytes.truncate(100));
    fs::remove_file(notice).unwrap();
}

fn progress(sandbox: &Sandbox, sequence: u32) -> String {
    let list = sandbox.run(&["publications", ALL_ITEMS, "--json"]).expect(0).json();
    let newest = list.as_array().unwrap().iter().rev().find(|line| line["sequence"] == sequence);
    newest.map(|line| line["progress"].as_str().unwrap().to_owned()).unwrap_or_default()
}

/// The notices of the feed, to be proven.
fn prove(sandbox: &Sandbox, note: &str) {
    let notices: Vec<PathBuf> = sandbox.notices(ALL_ITEMS);
    let paths: Vec<&str> = notices.iter().map(|path| path.to_str().unwrap()).collect();
    sandbox.run(&[["verify"].as_slice(), &paths].concat()).expect(0);
    files::whole_or_absent(&sandbox.published(), note);
}

#[test]
fn stopped_at_every_point_a_verb_ends_the_same() {
    let start = hub();
    let mut hit = BTreeSet::new();
    for verb in &VERBS {
        let prepared = start.copy();
        (verb.prepare)(&prepared);
        let undisturbed = prepared.copy();
        undisturbed.run(verb.command).expect(verb.exit);
        flow::close(&undisturbed);
        let expected = HubState::of(&undisturbed);
        prove(&undisturbed, verb.name);
        // Each point once, and each but the first again while it goes on after the first.
        let twice = verb.points.iter().skip(1).map(|second| vec![verb.points[0], second]);
        let once = verb.points.iter().map(|point| vec![*point]);
        for stops in once.chain(twice) {
            let note = format!("{} stopped at {}", verb.name, stops.join(", "));
            let sandbox = prepared.copy().noted(&note);
            for stop in &stops {
                sandbox.run_with(&[("RENKEI_STOP_AT", stop)], verb.command).expect_killed();
                files::whole_or_absent(&sandbox.published(), &note);
                hit.insert(*stop);
            }
            // The next start finishes what was recorded; the command is for what was not.
            flow::close(&sandbox).expect_fault(10, "store.not-empty");
            if !(verb.is_done)(&sandbox) {
                sandbox.run(verb.command).expect(verb.exit);
                flow::close(&sandbox);
            }
            let found = HubState::of(&sandbox);
            assert!(found == expected, "{note}\n{}", flow::difference(&expected, &found));
            prove(&sandbox, &note);
        }
    }
    let missed: Vec<&str> = points().filter(|point| !hit.contains(point)).collect();
    assert_eq!(missed, Vec::<&str>::new(), "every point is reached");
}
