//! Made again: a new publication with the next sequence, and a chain that is still proven.

use std::fs;

use crate::sandbox::files::{notice, read_tree};
use crate::sandbox::{BOM, Outcome, PLAIN, Sandbox, moves};

/// A hub whose feed has a full and `n` diffs.
fn published(feed: &str, n: usize) -> Sandbox {
    let sandbox = Sandbox::loaded(60, 8);
    sandbox.generate(&[feed], &["--full"]).expect(0);
    for index in 0..n {
        rename(&sandbox, index);
        sandbox.generate(&[feed], &["--diff"]).expect(0);
    }
    sandbox
}

fn rename(sandbox: &Sandbox, index: usize) {
    let residents = sandbox.japanese();
    sandbox.write("one.csv", &moves::renaming(&[(&residents[index], &format!("山田　改{index}"))]));
    sandbox.run(&["apply", "one.csv"]).expect(0);
}

fn remake(sandbox: &Sandbox, feed: &str, sequence: &str, more: &[&str]) -> Outcome {
    sandbox.run(&[["remake", feed, sequence, "--reason", "前夜の誤り"].as_slice(), more].concat())
}

#[track_caller]
fn proven(sandbox: &Sandbox, feed: &str) {
    let notices = sandbox.notices(feed);
    let paths: Vec<&str> = notices.iter().map(|path| path.to_str().unwrap()).collect();
    sandbox.run(&[["verify", "--base"].as_slice(), &paths].concat()).expect(0);
}

#[test]
fn the_last_diff_is_remade_on_top_of_itself() {
    let sandbox = published(PLAIN, 1);
    rename(&sandbox, 5);
    let made = remake(&sandbox, PLAIN, "2", &["--json"]).expect(0).json();
    assert_eq!(made["plan"]["makes"]["kind"], "diff");
    assert_eq!(made["plan"]["makes"]["base_sequence"], 2);
    assert_eq!(made["publication"]["sequence"], 3);
    let last = notice(sandbox.notices(PLAIN).last().unwrap());
    assert_eq!(
        (&last["kind"], &last["base_sequence"], &last["n_rows"]),
        (&"diff".into(), &2.into(), &1.into())
    );
    proven(&sandbox, PLAIN);
    // Nothing came since: an empty diff, and the chain holds.
    remake(&sandbox, PLAIN, "3", &[]).expect(0).says("renkei redeliver");
    proven(&sandbox, PLAIN);
    remake(&sandbox, PLAIN, "4", &["--as", "full"]).expect(0).says("replaces whatever receivers hold");
    proven(&sandbox, PLAIN);
}

#[test]
fn where_others_were_built_on_it_a_full_follows() {
    let sandbox = published(BOM, 3);
    let before = read_tree(&sandbox.path("hub/share"), |_| true);
    let plan = remake(&sandbox, BOM, "2", &["--dry-run", "--json"]).expect(0).json();
    let built_on: Vec<_> = plan["built_on"].as_array().unwrap().iter().map(|one| &one["sequence"]).collect();
    assert_eq!(built_on, [3, 4]);
    assert_eq!((&plan["makes"]["kind"], &plan["makes"]["sequence"]), (&"full".into(), &5.into()));
    assert_eq!(
        (&plan["instead"][0]["kind"], &plan["instead"][0]["base_sequence"]),
        (&"diff".into(), &4.into())
    );
    remake(&sandbox, BOM, "2", &["--dry-run"])
        .expect(0)
        .says("built on it: sequences 3, 4")
        .says("--as diff");
    remake(&sandbox, BOM, "2", &["--dry-run", "--lang", "ja"]).expect(0).says("土台にした配信: 連番 3, 4");
    assert!(read_tree(&sandbox.path("hub/share"), |_| true) == before, "a dry run changed something");

    remake(&sandbox, BOM, "2", &[]).expect(0);
    let last = notice(sandbox.notices(BOM).last().unwrap());
    assert_eq!((&last["kind"], &last["sequence"]), (&"full".into(), &5.into()));
    proven(&sandbox, BOM);
    remake(&sandbox, BOM, "3", &["--as", "diff"]).expect(0);
    assert_eq!(notice(sandbox.notices(BOM).last().unwrap())["base_sequence"], 5);
    rename(&sandbox, 9);
    sandbox.generate(&[BOM], &["--diff"]).expect(0);
    proven(&sandbox, BOM);
}

#[test]
fn the_business_date_is_the_old_ones_unless_another_is_given() {
    let sandbox = Sandbox::loaded(60, 8);
    sandbox.generate(&[PLAIN], &["--full", "--date", "2026-09-30"]).expect(0);
    let date = || notice(sandbox.notices(PLAIN).last().unwrap())["business_date"].clone();
    remake(&sandbox, PLAIN, "1", &[]).expect(0);
    assert_eq!(date(), "2026-09-30");
    remake(&sandbox, PLAIN, "1", &["--date", "2026-10-01"]).expect(0);
    assert_eq!(date(), "2026-10-01");
    remake(&sandbox, PLAIN, "1", &["--date", "1990-01-01"]).expect_fault(10, "engine.not-in-force");
}

#[test]
fn extracts_are_remade_as_they_were() {
    let sandbox = published(PLAIN, 0);
    let resident = sandbox.japanese()[0].clone();
    sandbox.generate(&[PLAIN], &["--as-of", "2026-01-01"]).expect(0);
    sandbox.generate(&[PLAIN], &["--single", &resident]).expect(0);
    remake(&sandbox, PLAIN, "2", &[]).expect(0);
    let last = notice(sandbox.notices(PLAIN).last().unwrap());
    assert_eq!((&last["kind"], &last["as_of"]), (&"asof".into(), &"2026-01-01".into()));
    remake(&sandbox, PLAIN, "3", &[]).expect_fault(10, "feed.remake-refused").says("name the resident");
    remake(&sandbox, PLAIN, "3", &["--single", &resident]).expect(0);
    remake(&sandbox, PLAIN, "2", &["--as", "full"]).expect_fault(10, "feed.remake-refused");
    remake(&sandbox, PLAIN, "1", &["--single", &resident]).expect_fault(10, "feed.remake-refused");
    assert_eq!(sandbox.notices(PLAIN).len(), 5);
    rename(&sandbox, 3);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    proven(&sandbox, PLAIN);
}

#[test]
fn a_diff_that_cannot_be_made_is_refused_and_a_full_is_the_way() {
    let sandbox = published(PLAIN, 1);
    sandbox.replace(
        "hub/hub.toml",
        "layout = \"001o005-1.0\"",
        "layout = \"001o005-1.0\"\nquote = \"needed\"",
    );
    let refused = remake(&sandbox, PLAIN, "2", &["--as", "diff"]).expect_fault(10, "feed.remake-refused");
    refused.says("layout or rendering changed");
    remake(&sandbox, PLAIN, "2", &["--as", "diff", "--dry-run"]).expect(10).says("--as full");
    remake(&sandbox, PLAIN, "2", &[]).expect(0);
    assert_eq!(notice(sandbox.notices(PLAIN).last().unwrap())["kind"], "full");
}

#[test]
fn a_publication_that_lost_its_stage_is_remade() {
    let sandbox = published(PLAIN, 0);
    rename(&sandbox, 1);
    let stop = [("RENKEI_STOP_AT", "publish.sealed")];
    sandbox.run_with(&stop, &["generate", PLAIN, "--diff"]).expect_killed();
    fs::remove_dir_all(sandbox.path("hub/share/.stage")).unwrap();
    let redelivered = sandbox.run(&["redeliver", PLAIN, "2", "--reason", "停電"]);
    redelivered.expect_fault(10, "feed.redeliver-refused").says("remake it");
    remake(&sandbox, PLAIN, "2", &[]).expect(0);
    assert_eq!(notice(sandbox.notices(PLAIN).last().unwrap())["sequence"], 3);
    rename(&sandbox, 2);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    let notices = sandbox.notices(PLAIN);
    let paths: Vec<&str> = notices[1..].iter().map(|path| path.to_str().unwrap()).collect();
    sandbox.run(&[["verify", "--base"].as_slice(), &paths].concat()).expect(0);
}

#[test]
fn the_guard_looks_at_what_is_remade_too() {
    let sandbox = published(PLAIN, 1);
    sandbox.replace("hub/hub.toml", "[guard]\n", "[guard]\nmax_changed_rows = 0\n");
    rename(&sandbox, 5);
    remake(&sandbox, PLAIN, "2", &[]).expect(10).says("renkei held release");
    remake(&sandbox, PLAIN, "2", &[]).expect_fault(10, "feed.remake-refused").says("publication 3 is held");
    sandbox.run(&["held", "release", PLAIN, "--reason", "確認済み"]).expect(0);
    proven(&sandbox, PLAIN);
}

#[test]
fn a_remake_is_on_record_with_its_reason() {
    let sandbox = published(PLAIN, 1);
    remake(&sandbox, PLAIN, "2", &["--operator", "SHIMIN003"]).expect(0);
    let runs = sandbox.run(&["runs", "--json"]).expect(0).json();
    let run_of = |what: String| {
        let runs = runs.as_array().unwrap();
        runs.iter().find(|run| run["what"] == what.as_str()).unwrap_or_else(|| panic!("{what}: {runs:#?}"))
    };
    let remade = run_of(format!("remake of {PLAIN} 2"));
    assert_eq!(
        remade["redoes"],
        run_of(format!("generate {PLAIN} --diff"))["run_id"],
        "it names the old one"
    );
    assert_eq!(remade["reason"], "前夜の誤り");
    let audit = sandbox.audit();
    let [.., asked, published] = audit.as_slice() else { panic!("{audit:?}") };
    assert_eq!(
        (asked.action.as_str(), asked.reason.as_str()),
        (format!("remake of {PLAIN} 2").as_str(), "前夜の誤り")
    );
    assert_eq!(
        (asked.operator.as_str(), asked.result.as_str()),
        ("SHIMIN003", format!("diff 3 of feed {PLAIN}").as_str())
    );
    assert_eq!(published.action, format!("publish {PLAIN} diff 3"));
    sandbox.run(&["remake", PLAIN, "2"]).expect(2);
    sandbox.run(&["remake", PLAIN, "2", "--reason", "　"]).expect(2);
    remake(&sandbox, PLAIN, "7", &[]).expect_fault(10, "feed.no-such-publication");
}
