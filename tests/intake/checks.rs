//! The `check/` folders beside a running daemon: a report for whatever is dropped there, and nothing else.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::partner::{Set, hub, look, row};
use crate::sandbox::{Sandbox, files};
use crate::up::{Daemon, run};

const CHECK: &str = "hub/share/023/check";

/// Everything in the connection folders but reports.
fn all_but_reports(sandbox: &Sandbox) -> BTreeMap<String, Vec<u8>> {
    let mut tree = files::read_tree(&sandbox.path("hub/share"), |_| true);
    tree.retain(|path, _| !path.contains("/check/report/"));
    tree
}

fn report(sandbox: &Sandbox, name: &str) -> Value {
    let bytes = std::fs::read(sandbox.path(&format!("{CHECK}/report/{name}.report.json")));
    bytes.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

#[test]
fn what_is_dropped_for_a_check_is_reported_on_and_nothing_else_happens() {
    let sandbox = hub();
    // Makes the database.
    look(&sandbox).expect(0);
    // Before the daemon is up, and of a system whose reports have no place.
    sandbox.write("hub/share/024/check/report", "in the way");
    sandbox.write("hub/share/024/check/x.csv", "a,b\r\n");
    let log = || std::fs::read_to_string(sandbox.path("daemon.log")).unwrap_or_default();
    let daemon = Daemon::start(&sandbox);
    daemon.until("the fault is told", |_| log().contains("a check folder cannot be reported on"));

    let set = Set { inbox: CHECK, ..Set::full(1, vec![row(1, "21", "0"), row(2, "20", "0")]) };
    set.hand_in(&sandbox);
    let (notice, dropped) = (format!("{}.done", set.stem()), all_but_reports(&sandbox));
    let n_errors = || report(&sandbox, &notice)["n_errors"].as_u64();
    let is_found = || report(&sandbox, &notice).to_string().contains("yokaigo_jotai_kbn");
    daemon.until("the report", |_| is_found());
    let n_before = n_errors().unwrap();
    assert_eq!(report(&sandbox, &notice)["verdict"], "does-not-conform");
    for ending in ["txt", "html"] {
        assert!(sandbox.path(&format!("{CHECK}/report/{notice}.report.{ending}")).exists(), "{ending}");
    }
    let mended = Set { rows: vec![row(1, "21", "0"), row(2, "22", "0")], ..set };
    mended.hand_in(&sandbox);
    daemon.until("a report on the mended file", |_| n_errors() == Some(n_before - 1));
    let mut expected = dropped;
    for path in files::names(&sandbox.path(CHECK)) {
        let bytes = std::fs::read(sandbox.path(CHECK).join(&path)).unwrap();
        expected.insert(format!("023/check/{path}"), bytes);
    }
    assert_eq!(all_but_reports(&sandbox), expected, "what was dropped stays, and nothing comes but reports");
    let runs = run(&sandbox, &["runs", "--json"]).expect(0).json();
    assert_eq!(runs, serde_json::json!([]));
    // Of the daemon's own start only.
    let actions: Vec<String> = sandbox.audit().into_iter().map(|line| line.action).collect();
    assert_eq!(actions, ["start scheduler"]);
    assert_eq!(log().matches("a check folder cannot be reported on").count(), 1, "told once: {}", log());
    daemon.stop();
}
