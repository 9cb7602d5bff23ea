//! What somebody else does to the folders between a crash and the next start: it concerns one feed, is told
//! with a remedy that works, and keeps nothing else back.

use std::fs;

use crate::sandbox::files::{notice, whole_or_absent};
use crate::sandbox::{BOM, PLAIN, Sandbox};

/// A hub in which the plain feed's diff was sealed and not moved.
fn cut_off() -> Sandbox {
    let sandbox = Sandbox::loaded(40, 16);
    let files = sandbox.cut_moves(2);
    sandbox.generate(&[PLAIN, BOM], &["--full"]).expect(0);
    sandbox.run(&["apply", &files[0]]).expect(0);
    let stop = [("RENKEI_STOP_AT", "publish.sealed")];
    sandbox.run_with(&stop, &["generate", PLAIN, "--diff"]).expect_killed();
    sandbox
}

#[track_caller]
fn proven(sandbox: &Sandbox, feed: &str, from: usize) {
    let notices = sandbox.notices(feed);
    let paths: Vec<&str> = notices[from..].iter().map(|path| path.to_str().unwrap()).collect();
    sandbox.run(&[["verify"].as_slice(), &paths].concat()).expect(0);
}

#[test]
fn a_lost_stage_needs_a_full_of_its_feed_and_keeps_nothing_else_back() {
    let sandbox = cut_off();
    fs::remove_dir_all(sandbox.path("hub/share/.stage")).unwrap();
    // Others go on, and are told.
    sandbox
        .run(&["apply", "moves-2.csv"])
        .expect(0)
        .says("folder.staged-file-lost")
        .says("publication 2 of feed 001o005-v1.0");
    sandbox.generate(&[BOM], &["--diff"]).expect(0);
    // A diff would build on what no receiver was given.
    sandbox.generate(&[PLAIN], &["--diff"]).expect_fault(10, "engine.base-lost").says("--full");
    let board = sandbox.generate(&[PLAIN], &["--full", "--json"]).expect(0).json();
    assert_eq!(board[0]["sequence"], 3);
    // From then on all is well and nothing more is said.
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0).says_not("staged-file-lost");
    proven(&sandbox, PLAIN, 1);
    proven(&sandbox, BOM, 0);
    assert_eq!(notice(sandbox.notices(PLAIN).last().unwrap())["base_sequence"], 3);
    assert_eq!(whole_or_absent(&sandbox.published(), "in the end"), Vec::<String>::new());
}

#[test]
fn a_lost_stage_that_is_put_back_is_published() {
    let sandbox = cut_off();
    let (stage, aside) = (sandbox.path("hub/share/.stage"), sandbox.path("aside"));
    fs::rename(&stage, &aside).unwrap();
    sandbox.generate(&[PLAIN], &["--diff"]).expect_fault(10, "engine.base-lost");
    let _ = fs::remove_dir_all(&stage);
    fs::rename(&aside, &stage).unwrap();
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0).says("sequence 2");
    proven(&sandbox, PLAIN, 0);
}

#[test]
fn a_taken_name_keeps_other_feeds_and_the_registry_going() {
    let sandbox = cut_off();
    let name = "hub/share/001/001o005-00/v1.0/082201_001o005-00_D_20261002013000_0002.csv";
    sandbox.write(name, "a stranger's");
    sandbox.run(&["apply", "moves-2.csv"]).expect(0).says("folder.name-taken");
    sandbox.generate(&[BOM], &["--diff"]).expect(0);
    sandbox.generate(&[PLAIN], &["--diff"]).expect_fault(10, "engine.base-lost");
    fs::remove_file(sandbox.path(name)).unwrap();
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0).says("sequence 2");
    proven(&sandbox, PLAIN, 0);
    proven(&sandbox, BOM, 0);
}
