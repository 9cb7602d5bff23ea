//! The mass-change guard: what is larger than its feed's bounds is made, held, shown and decided upon by name.

use std::fs;

use crate::sandbox::files::{notice, sha256};
use crate::sandbox::{BOM, NUMBERS, Outcome, PLAIN, Sandbox, moves};

/// A hub of 300 residents whose feeds are published in full, and 120 of whom then get another name.
fn mass_night() -> Sandbox {
    let sandbox = Sandbox::loaded(300, 8);
    sandbox.generate(&[PLAIN, BOM], &["--full"]).expect(0);
    rename(&sandbox, "mass.csv", 120, "山田　改");
    sandbox
}

/// Gives the first `n` residents another name.
fn rename(sandbox: &Sandbox, file: &str, n: usize, name: &str) {
    let residents = sandbox.japanese();
    let names: Vec<(&str, &str)> = residents.iter().take(n).map(|id| (id.as_str(), name)).collect();
    assert_eq!(names.len(), n, "the town is too small");
    sandbox.write(file, &moves::renaming(&names));
    sandbox.run(&["apply", file]).expect(0);
}

fn held(sandbox: &Sandbox) -> serde_json::Value {
    sandbox.run(&["held", "--json"]).expect(0).json()
}

fn release(sandbox: &Sandbox, feed: &str) -> Outcome {
    sandbox.run(&["held", "release", feed, "--reason", "町名変更による"])
}

#[track_caller]
fn proven(sandbox: &Sandbox, feed: &str, from: usize) {
    let notices = sandbox.notices(feed);
    let paths: Vec<&str> = notices[from..].iter().map(|path| path.to_str().unwrap()).collect();
    sandbox.run(&[["verify", "--base"].as_slice(), &paths].concat()).expect(0);
}

#[test]
fn a_mass_night_is_held_shown_and_released_with_the_bytes_reviewed() {
    let sandbox = mass_night();
    let before = sandbox.published();
    let made = sandbox.generate(&[PLAIN], &["--diff", "--json"]).expect(10);
    assert_eq!(made.json()[0]["progress"], "held");
    assert_eq!(sandbox.published(), before, "nothing is visible");

    let list = held(&sandbox);
    assert_eq!((list[0]["feed"].as_str(), list[0]["sequence"].as_u64()), (Some(PLAIN), Some(2)));
    assert_eq!(list[0]["reasons"][0]["code"], "43");
    assert_eq!(list[0]["reasons"][0]["changed"], 120);
    assert_eq!(list[0]["exceeded"][0]["bound"], "max_share");
    assert_eq!(list[0]["exceeded"][0]["n_rows"], 120);
    sandbox.run(&["held"]).expect(0).says("職権修正").says("max_share: 120 rows, at most 100").says("120");

    // Another command's start leaves it, and nothing else of the feed is made.
    for content in [["--diff"].as_slice(), &["--full"], &["--as-of", "2026-01-01"]] {
        sandbox.generate(&[PLAIN], content).expect_fault(10, "feed.held").says("renkei held release");
    }
    let staged = fs::read_dir(sandbox.path("hub/share/.stage")).unwrap().next().unwrap().unwrap().path();
    let data = fs::read_dir(staged).unwrap().next().unwrap().unwrap().path();
    let reviewed = sha256(&fs::read(&data).unwrap());

    let board = release(&sandbox, PLAIN).expect(0);
    board.says(PLAIN);
    let published = sandbox.notices(PLAIN).pop().unwrap();
    assert_eq!(notice(&published)["files"][0]["sha256"], reviewed.as_str());
    assert_eq!(held(&sandbox), serde_json::json!([]));
    proven(&sandbox, PLAIN, 0);
    // The night after goes its way.
    rename(&sandbox, "next.csv", 3, "山田　再");
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0).says_not("held");
    proven(&sandbox, PLAIN, 0);
}

#[test]
fn what_to_type_is_said_and_other_feeds_go_on() {
    let sandbox = mass_night();
    sandbox.replace(
        "hub/hub.toml",
        "encoding = \"utf-8-bom\"",
        "encoding = \"utf-8-bom\"\n[feed.guard]\nmin_rows = 1000",
    );
    let made = sandbox.generate(&[PLAIN, BOM], &["--diff"]).expect(10);
    made.says(&format!("renkei held release {PLAIN} --reason")).says("(held)");
    assert_eq!(sandbox.notices(BOM).len(), 2);
    assert_eq!(sandbox.notices(PLAIN).len(), 1);
    let runs = sandbox.run(&["runs", "--json"]).expect(0).json();
    let of_plain =
        runs.as_array().unwrap().iter().find(|run| run["what"] == format!("generate {PLAIN} --diff"));
    assert_eq!(of_plain.unwrap()["state"], "succeeded", "a held publication ends its run as done");
    let steps = sandbox.run(&["runs", of_plain.unwrap()["run_id"].as_str().unwrap()]).expect(0);
    steps.says("held: max_share");
}

#[test]
fn a_discarded_one_leaves_nothing_and_gives_its_sequence_back() {
    let sandbox = mass_night();
    sandbox.generate(&[PLAIN], &["--diff"]).expect(10);
    sandbox.run(&["held", "discard", PLAIN, "--reason", "誤った一括修正"]).expect(0);
    assert_eq!(fs::read_dir(sandbox.path("hub/share/.stage")).unwrap().count(), 0);
    sandbox.run(&["held", "discard", PLAIN, "--reason", "二度目"]).expect_fault(10, "feed.not-held");
    release(&sandbox, PLAIN).expect_fault(10, "feed.not-held");
    // The same rows are still to be published: held again, under the same sequence.
    sandbox.generate(&[PLAIN], &["--diff"]).expect(10);
    assert_eq!(held(&sandbox)[0]["sequence"], 2);
    release(&sandbox, PLAIN).expect(0);
    proven(&sandbox, PLAIN, 0);
    sandbox.run(&["publications", PLAIN]).expect(0).says("(discarded)");
}

#[test]
fn a_held_stage_that_was_changed_is_not_released() {
    let sandbox = mass_night();
    sandbox.generate(&[PLAIN], &["--diff"]).expect(10);
    let staged = fs::read_dir(sandbox.path("hub/share/.stage")).unwrap().next().unwrap().unwrap().path();
    let data = fs::read_dir(&staged).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&data).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&data, bytes).unwrap();
    release(&sandbox, PLAIN).expect_fault(10, "feed.held-lost");
    fs::remove_dir_all(&staged).unwrap();
    release(&sandbox, PLAIN).expect_fault(10, "feed.held-lost");
    assert_eq!(held(&sandbox)[0]["sequence"], 2, "it stays held");
    sandbox.run(&["held", "discard", PLAIN, "--reason", "段が消えた"]).expect(0);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(10);
    release(&sandbox, PLAIN).expect(0);
    proven(&sandbox, PLAIN, 0);
}

#[test]
fn a_full_that_shrinks_or_grows_is_held() {
    let sandbox = Sandbox::loaded(300, 8);
    sandbox.generate(&[NUMBERS], &["--full"]).expect(0);
    // A change of declaration is a full's business, so no diff would show that the feed lost its rows.
    let layout = "hub/layouts/001o006-1.0.toml";
    let (all, some) = (r#"jumin_jotai = ["1", "2", "3", "9"]"#, r#"jumin_jotai = ["2", "3", "9"]"#);
    sandbox.replace(layout, all, some);
    sandbox.generate(&[NUMBERS], &["--full"]).expect(10);
    sandbox.run(&["held"]).expect(0).says("max_shrink");
    sandbox.run(&["held", "release", NUMBERS, "--reason", "住登外だけ渡す"]).expect(0);
    sandbox.replace(layout, some, all);
    sandbox.generate(&[NUMBERS], &["--full"]).expect(10);
    sandbox.run(&["held"]).expect(0).says("max_growth");
    sandbox.run(&["held", "release", NUMBERS, "--reason", "元に戻す"]).expect(0);
    let last = sandbox.notices(NUMBERS).pop().unwrap();
    sandbox.run(&["verify", last.to_str().unwrap()]).expect(0);
}

#[test]
fn the_first_full_passes_and_extracts_are_not_judged() {
    let sandbox = mass_night();
    let strict = "[guard]\nmin_rows = 0\nmax_changed_rows = 0 #";
    sandbox.replace("hub/hub.toml", "[guard]\nmin_rows = 100", strict);
    sandbox.generate(&[NUMBERS], &["--full"]).expect(0);
    sandbox.generate(&[PLAIN], &["--as-of", "2026-01-01"]).expect(0);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(10);
}

#[test]
fn a_decision_needs_a_reason_and_is_in_the_audit() {
    let sandbox = mass_night();
    sandbox.generate(&[PLAIN], &["--diff"]).expect(10);
    sandbox.run(&["held", "release", PLAIN]).expect(2);
    for blank in ["", "  ", "　"] {
        sandbox.run(&["held", "release", PLAIN, "--reason", blank]).expect(2);
    }
    sandbox.run(&["held", "release", PLAIN, "--reason", "町名変更", "--operator", "SHIMIN002"]).expect(0);
    let audit = sandbox.audit();
    let lines: Vec<_> = audit.iter().map(|line| (line.action.as_str(), line.reason.as_str())).collect();
    let hold = lines.iter().position(|(action, _)| *action == format!("hold {PLAIN} diff 2")).unwrap();
    assert_eq!(lines[hold + 1], (format!("release {PLAIN} 2").as_str(), "町名変更"));
    assert_eq!(lines[hold + 2].0, format!("publish {PLAIN} diff 2"));
    assert_eq!(audit[hold + 1].operator, "SHIMIN002");
    sandbox.run(&["held", "release", "nobody", "--reason", "x"]).expect_fault(2, "usage.unknown-feed");
}

#[test]
fn a_feed_learns_from_its_own_nights_and_not_from_those_that_were_held() {
    let sandbox = Sandbox::loaded(60, 8);
    let own = "[guard]\nmin_rows = 0\nmax_share = \"none\"\nmax_deleted_share = \"none\"\nlearned = true\nfactor = 2\n[x]\n";
    let text = fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let (before, after) = text.split_once("[guard]\n").unwrap();
    let (_, after) = after.split_once("# 業務システム。").unwrap();
    sandbox.write("hub/hub.toml", &format!("{before}{}# 業務システム。{after}", own.replace("[x]\n", "")));
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    for night in 0..5 {
        rename(&sandbox, &format!("{night}.csv"), 1 + night % 2, &format!("山田　{night}"));
        sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    }
    // The largest night had 2 rows, so 4 pass and 5 do not, and do not again.
    rename(&sandbox, "four.csv", 4, "山田　四");
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    for name in ["山田　九", "山田　十"] {
        rename(&sandbox, &format!("{name}.csv"), 9, name);
        sandbox.generate(&[PLAIN], &["--diff"]).expect(10).says("learned: 9 rows, at most 8");
        release(&sandbox, PLAIN).expect(0);
    }
    proven(&sandbox, PLAIN, 0);
}
