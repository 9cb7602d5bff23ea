//! `--json` of every command that lists or reports is one JSON document on standard output, and nothing
//! else is.

use serde_json::Value;

use crate::sandbox::{CP932, PLAIN, Sandbox};

#[test]
fn every_command_speaks_json() {
    let sandbox = Sandbox::new();
    let check = |args: &[&str], keys: &[&str]| -> Value {
        let outcome = sandbox.run(&[args, &["--json"]].concat()).expect(0);
        outcome.require(outcome.stderr.is_empty(), "nothing on standard error");
        let value = outcome.json();
        let one = value.as_array().map_or(&value, |list| list.first().unwrap_or(&Value::Null));
        let missing: Vec<_> = keys.iter().filter(|key| one.get(**key).is_none()).collect();
        outcome.require(missing.is_empty(), &format!("the fields {missing:?}"));
        value
    };
    check(&["init", "hub"], &["folder", "files"]);
    check(&["check"], &["problems", "feeds", "layouts", "jobs"]);
    let config = check(&["config", "show"], &["municipality", "root", "store", "systems", "feeds", "jobs"]);
    assert_eq!(config["feeds"][0]["id"], PLAIN);
    check(&["schedule", "--next", "3"], &["slots", "silent"]);
    check(&["schedule", "--on", "2027-01-04"], &["slots", "silent"]);
    check(&["town", "town", "--residents", "30", "--moves", "8"], &["folder", "rows", "moves"]);
    check(&["load", "town/residents.csv"], &["commit", "rows", "warnings", "issues"]);
    check(&["generate", PLAIN, CP932, "--full"], &["feed", "sequence", "state_digest", "folder"]);
    check(&["apply", "town/moves.csv"], &["commit", "applied", "refused", "rows_changed", "issues"]);
    check(&["generate", PLAIN, CP932, "--diff"], &["changes"]);
    check(&["feeds"], &["feed", "receivers", "sequence", "state", "commits_behind"]);
    check(&["publications"], &["feed", "kind", "sequence", "n_rows", "n_bytes", "progress"]);
    check(&["publications", CP932], &["stem"]);
    check(&["commits"], &["commit_no", "kind", "n_moves", "operator", "committed_at"]);
    let runs = check(&["runs"], &["run_id", "what", "state", "started_at", "ended_at"]);
    let run = runs[0]["run_id"].as_str().unwrap();
    let steps = check(&["runs", run], &["run", "steps"]);
    let names: Vec<&str> =
        steps["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["stage", "seal", "data", "notice", "settle"]);
    let notice = sandbox.notices(PLAIN).remove(0);
    check(&["verify", notice.to_str().unwrap()], &["notices", "chain_issues", "proven_state"]);
    check(&["explain", "--list"], &["code", "title", "cause", "remedy"]);
    check(&["explain", "store.busy"], &["code"]);
    check(&["explain", "exit-codes"], &["exit", "meaning"]);
    check(&["explain", "metrics"], &["name", "kind", "labels", "meaning"]);
    check(&["alert", "list"], &[]);
    check(&["doctor"], &["findings"]);
    // A hamlet, and a town in which the day of a city would be a mass change.
    for residents in ["30", "1000"] {
        let folder = format!("demo-{residents}");
        let args = ["demo", &folder, "--residents", residents];
        let demo = check(&args, &["folder", "board", "is_proven", "proofs"]);
        assert_eq!(demo["is_proven"], true, "{residents}");
        assert!(demo["board"].as_array().unwrap().iter().all(|line| line["progress"] == "published"));
    }
}

#[test]
fn a_fault_is_one_json_object_on_standard_error() {
    let sandbox = Sandbox::loaded(30, 1);
    let check = |args: &[&str], exit: i32, code: &str| {
        let outcome = sandbox.run(&[args, &["--json"]].concat()).expect(exit);
        let error: Value = serde_json::from_str(&outcome.stderr).unwrap();
        assert_eq!((&error["error"]["code"], &error["error"]["exit"]), (&code.into(), &exit.into()));
        for key in ["class", "title", "causes", "remedy"] {
            assert!(!error["error"][key].is_null(), "{code}: {key}");
        }
    };
    check(&["generate", PLAIN, "--diff"], 10, "engine.no-base");
    check(&["generate", "x", "--diff"], 2, "usage.unknown-feed");
    check(&["runs", "zzzz"], 2, "usage.unknown-run");
    check(&["load", "missing.csv"], 10, "engine.input");
    check(&["explain", "store.bussy"], 2, "usage.unknown-code");
    sandbox.write("wrong.csv", "name\r\nx\r\n");
    check(&["apply", "wrong.csv"], 11, "engine.header");
}

#[test]
fn problems_of_files_are_json_too() {
    let sandbox = Sandbox::loaded(30, 1);
    sandbox.write("wrong.csv", "atena_no,ido_jiyu\r\nx,99\r\n1\r\n");
    let outcome = sandbox.run(&["apply", "wrong.csv", "--json"]).expect_fault(11, "engine.refused");
    let issues = outcome.json();
    assert_eq!(issues["issues"]["n_errors"], 3);
    sandbox.replace("hub/hub.toml", "path = \"share\"", "path = \"../share\"");
    let problems = sandbox.run(&["check", "--json"]).expect(1).json();
    assert_eq!(problems["problems"][0]["path"], "root.path");
}
