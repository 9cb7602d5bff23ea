//! Retention: what is past its time goes, what a receiver needs stays, and it may be cut off anywhere.

use std::collections::BTreeMap;
use std::fs;

use renkei_engine::retention::RETENTION_POINTS;
use rusqlite::Connection;

use crate::sandbox::{BOM, Outcome, PLAIN, Sandbox, files};

/// 40 days, four years, and eleven years after the sandbox's time, in unix seconds.
const IN_40_DAYS: &str = "1794328200";
const IN_4_YEARS: &str = "1917102600";
const IN_11_YEARS: &str = "2138027400";

/// Two fulls and a diff between them, of two feeds; one of them has a diff after its last full.
fn published() -> Sandbox {
    let sandbox = Sandbox::loaded(30, 8);
    let moves = sandbox.cut_moves(2);
    sandbox.generate(&[PLAIN, BOM], &["--full"]).expect(0);
    sandbox.run(&["apply", &moves[0]]).expect(0);
    sandbox.generate(&[PLAIN, BOM], &["--diff"]).expect(0);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    sandbox.run(&["apply", &moves[1]]).expect(0);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    sandbox
}

fn at(sandbox: &Sandbox, now: &str, args: &[&str]) -> Outcome {
    sandbox.run_with(&[("RENKEI_NOW", now)], args)
}

/// How many things of each kind a plan removes.
fn plan(sandbox: &Sandbox, now: &str) -> BTreeMap<String, usize> {
    let plan = at(sandbox, now, &["retention", "plan", "--json"]).expect(0).json();
    let areas = plan["areas"].as_array().unwrap().iter();
    areas
        .map(|area| (area["area"].as_str().unwrap().to_owned(), area["remove"].as_array().unwrap().len()))
        .filter(|(_, n)| *n > 0)
        .collect()
}

fn counts(expected: &[(&str, usize)]) -> BTreeMap<String, usize> {
    expected.iter().map(|(area, n)| ((*area).to_owned(), *n)).collect()
}

/// Files of the hub's own, as other parts of it leave them.
fn put_own(sandbox: &Sandbox) {
    for file in [
        ".archive/report.txt",
        ".archive/publications/001o005-v1.0/1/x.csv",
        ".archive/publications/001o005-v1.0/4/x.csv",
        ".archive/publications/001o005-v1.0/9/x.csv",
        ".quarantine/stray/x.csv",
        "kaigo/check/report/x.html",
        "kaigo/answer/x.receipt.json",
        "../data/reports/reconcile_x.csv",
    ] {
        sandbox.write(&format!("hub/share/{file}"), "12345");
    }
}

#[test]
fn published_files_go_by_age_but_never_what_a_receiver_needs() {
    let sandbox = published();
    let all = sandbox.published();
    assert_eq!(plan(&sandbox, crate::sandbox::NOW), counts(&[]));
    assert_eq!(plan(&sandbox, IN_40_DAYS), counts(&[("publications", 2)]));
    at(&sandbox, IN_40_DAYS, &["retention", "plan", "--all"])
        .expect(0)
        .says("publications 001o005-v1.0 1 2026-10-02")
        .says("needed by receivers 4")
        .says("Nothing was removed");
    assert_eq!(sandbox.published(), all);
    at(&sandbox, IN_40_DAYS, &["retention", "execute", "--reason", "tidy"])
        .expect(0)
        .says("Listed in .archive/");
    let left = sandbox.published();
    assert_eq!(all.len() - left.len(), 4, "notice and data of two publications");
    assert_eq!(sandbox.notices(PLAIN).len(), 2);
    assert_eq!(sandbox.notices(BOM).len(), 2, "its only full and the diff after it");
    // What is left is a whole chain, and goes on.
    let notices = sandbox.notices(PLAIN);
    let paths: Vec<&str> = notices.iter().map(|path| path.to_str().unwrap()).collect();
    sandbox.run(&[["verify"].as_slice(), &paths].concat()).expect(0);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    assert_eq!(sandbox.run(&["publications", PLAIN, "--json"]).expect(0).json().as_array().unwrap().len(), 5);
    // Given again, its time counts anew.
    at(&sandbox, IN_40_DAYS, &["redeliver", PLAIN, "1", "--reason", "x"]).expect(0);
    assert_eq!(sandbox.notices(PLAIN).len(), 4);
    assert_eq!(plan(&sandbox, IN_40_DAYS), counts(&[]));
    // Again there is nothing to do, and what was done is told.
    at(&sandbox, IN_40_DAYS, &["retention", "execute"]).expect(0).says("nothing to remove");
    sandbox
        .run(&["audit", "list"])
        .expect(0)
        .says("remove publications by retention")
        .says("2 of 2 removed, 4 files");
    let record = files::names(&sandbox.path("hub/share/.archive"));
    let text = fs::read_to_string(sandbox.path("hub/share/.archive").join(&record[0])).unwrap();
    assert!(text.contains("publications 001o005-v1.0 1 since") && text.contains(".done"), "{text}");
}

#[test]
fn the_hubs_own_and_old_runs_go_too() {
    let sandbox = published();
    put_own(&sandbox);
    let runs = |sandbox: &Sandbox| {
        sandbox.run(&["runs", "--last", "99", "--json"]).expect(0).json().as_array().unwrap().len()
    };
    let n_runs = runs(&sandbox);
    let expected = counts(&[
        ("publications", 2),
        ("archive", 2),
        ("reports", 1),
        ("quarantine", 1),
        ("answers", 2),
        ("differences", 1),
        ("runs", n_runs),
    ]);
    assert_eq!(plan(&sandbox, IN_4_YEARS), expected);
    at(&sandbox, IN_4_YEARS, &["retention", "plan"])
        .expect(0)
        .says("unknown 1")
        .says("needed by receivers 4");
    at(&sandbox, IN_4_YEARS, &["retention", "execute"]).expect(0);
    let own = |path: &str| sandbox.path(&format!("hub/share/{path}")).exists();
    assert!(!own(".archive/report.txt") && !own(".quarantine/stray") && own(".quarantine"));
    assert!(!own("kaigo/check/report/x.html") && !own("kaigo/answer/x.receipt.json"));
    assert!(!own("../data/reports/reconcile_x.csv"));
    assert!(!own(".archive/publications/001o005-v1.0/1"));
    assert!(own(".archive/publications/001o005-v1.0/4/x.csv"), "the last full's diff");
    assert!(own(".archive/publications/001o005-v1.0/9/x.csv"), "not in the database");
    assert_eq!(runs(&sandbox), 1, "its own");
    sandbox.run(&["audit", "verify"]).expect(0);
}

#[test]
fn the_audit_goes_from_its_start_and_is_still_proven() {
    let sandbox = published();
    at(&sandbox, IN_11_YEARS, &["hold", "nightly", "--reason", "x"]).expect(0);
    at(&sandbox, IN_11_YEARS, &["retention", "execute"]).expect(0);
    sandbox.run(&["audit", "verify"]).expect(0).says("removed by retention");
    let lines = sandbox.run(&["audit", "list", "--json"]).expect(0).json();
    assert_eq!(lines[0]["action"], "hold job nightly");
    assert!(lines[0]["audit_no"].as_u64().unwrap() > 5);
    let exported = sandbox.run(&["audit", "export", "-", "--format", "jsonl"]).expect(0);
    assert!(!exported.stdout.contains(&"0".repeat(64)), "the base is what stands before the first line");
}

#[test]
fn a_broken_line_of_the_audit_stays_to_be_seen() {
    let sandbox = published();
    crate::audit::tamper(&sandbox, "UPDATE audit SET operator = 'suzuki' WHERE audit_no = 3");
    at(&sandbox, IN_11_YEARS, &["retention", "execute"]).expect(0);
    let lines = sandbox.run(&["audit", "list", "--json"]).expect(0).json();
    assert_eq!(lines[0]["audit_no"], 3);
    sandbox.run(&["audit", "verify"]).expect_fault(10, "audit.broken").says("line 3 ");
}

#[test]
fn a_job_does_it_too() {
    let sandbox = published();
    at(&sandbox, IN_40_DAYS, &["run", "retention"]).expect(0);
    assert_eq!(sandbox.notices(PLAIN).len(), 2);
    sandbox.run(&["audit", "list"]).expect(0).says("job retention").says("remove publications by retention");
    sandbox.replace("hub/jobs/retention.toml", "work = \"retention\"", "work = \"retension\"");
    sandbox.run(&["check"]).expect(1).says("did you mean \"retention\"?");
    sandbox.replace("hub/jobs/retention.toml", "work = \"retension\"", "work = \"retention\"\npublish = []");
    sandbox.run(&["check"]).expect(1).says("publishes nothing");
}

#[test]
fn rules_are_declared_and_bounded() {
    let sandbox = published();
    sandbox.replace("hub/hub.toml", "publications = \"35d\"", "publications = \"60d\"");
    assert_eq!(plan(&sandbox, IN_40_DAYS), counts(&[]));
    for (from, to) in [
        ("\"60d\"", "\"1d\""),
        ("\"3650d\"", "\"30d\""),
        ("archive = \"400d\"", "archive = \"20d\""),
        ("quarantine =", "karantine ="),
    ] {
        sandbox.replace("hub/hub.toml", from, to);
    }
    let checked = sandbox.run(&["check"]).expect(1);
    checked
        .says("retention.publications: must be 7d to")
        .says("retention.audit: must be 365d to")
        .says("retention.archive: the archive must be kept at least as long")
        .says("karantine");
}

/// Everything there is to compare: files, what the database still knows, how the audit ends.
fn state(sandbox: &Sandbox) -> (Vec<String>, i64, i64, i64) {
    let database = Connection::open(sandbox.path("hub/data/renkei.db")).unwrap();
    let count = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let mut names: Vec<String> = files::read_tree(&sandbox.path("hub/share"), |_| true).into_keys().collect();
    names.retain(|name| !name.contains("retention_"));
    (
        names,
        count("SELECT count(*) FROM publication WHERE files_removed_at IS NOT NULL"),
        count("SELECT count(*) FROM run WHERE what <> 'retention'"),
        count("SELECT audit_no FROM audit_base"),
    )
}

#[test]
fn cut_off_anywhere_it_is_simply_done_again() {
    let start = published();
    put_own(&start);
    let whole = start.copy();
    at(&whole, IN_11_YEARS, &["retention", "execute"]).expect(0);
    let expected = state(&whole);
    for point in RETENTION_POINTS {
        let sandbox = start.copy().noted(point);
        let env = [("RENKEI_NOW", IN_11_YEARS), ("RENKEI_STOP_AT", point)];
        sandbox.run_with(&env, &["retention", "execute"]).expect_killed();
        assert!(files::whole_or_absent(&sandbox.published(), point).len() <= 1, "{point}");
        at(&sandbox, IN_11_YEARS, &["retention", "execute"]).expect(0);
        assert_eq!(state(&sandbox), expected, "{point}");
        sandbox.run(&["audit", "verify"]).expect(0);
    }
}
