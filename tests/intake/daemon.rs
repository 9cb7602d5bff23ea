//! The daemon takes in what comes by itself, and tells people what did not go well: once, and once that it is over.

use crate::partner::{INBOX, Set, answers, held, hub, look, row, rows};
use crate::sandbox::Sandbox;
use crate::up::{Daemon, run};

/// A hub whose daemon looks every second and tells alerts to a script; `more` goes into the intake of 介護保険.
fn watched(more: &str) -> Sandbox {
    let sandbox = hub();
    let said = sandbox.path("said").display().to_string();
    sandbox.write("hook.sh", &format!("printf '%s\\n' \"$*\" >> '{said}'\n"));
    let hook = sandbox.path("hook.sh").display().to_string();
    sandbox.replace("hub/hub.toml", "id = \"kaigo\"", &format!("id = \"kaigo\"\n{more}"));
    let mut text = std::fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    text.push_str("\n[daemon]\ntick = \"1s\"\ngrace = \"5s\"\n");
    text.push_str("\n[alert.command]\nprogram = \"/bin/sh\"\n");
    let args = format!("args = [\"{hook}\", \"{{kind}}\", \"{{intake}}\", \"{{news}}\"]\n");
    text.push_str(&args);
    std::fs::write(sandbox.path("hub/hub.toml"), text).unwrap();
    // Makes the database.
    look(&sandbox).expect(0);
    sandbox
}

/// What the script was told.
fn said(sandbox: &Sandbox) -> Vec<String> {
    let text = std::fs::read_to_string(sandbox.path("said")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn has_said(sandbox: &Sandbox, line: &str) -> bool {
    said(sandbox).iter().any(|said| said == line)
}

#[test]
fn the_daemon_takes_in_what_comes_and_tells_of_a_refusal_and_its_end() {
    let sandbox = watched("expected_by = { at = \"00:00\" }");
    // Handed in while the daemon was down.
    Set::full(1, vec![row(1, "21", "0")]).hand_in(&sandbox);
    let daemon = Daemon::start(&sandbox);
    daemon.until("what stood there is taken in", |_| held(&sandbox) == rows(&[(1, "21")]));
    Set::diff(2, vec![row(2, "20", "0")]).hand_in(&sandbox);
    daemon.until("the alert", |_| has_said(&sandbox, "set-refused kaigo opened"));
    let open = run(&sandbox, &["alert", "list", "--open", "--json"]).expect(0).json();
    assert!(open.to_string().contains("intake-kaigo-"), "{open}");
    let runs = run(&sandbox, &["runs", "--json"]).expect(0).json();
    let of_receive = runs.as_array().unwrap().iter().filter(|run| run["job"] == "receive");
    assert!(of_receive.clone().count() >= 2, "{runs}");
    for run in of_receive {
        assert!(
            matches!(run["state"].as_str(), Some("succeeded" | "running")),
            "a refusal is no fault: {run}"
        );
    }
    let mut mended = Set::diff(2, vec![row(2, "22", "0")]);
    mended.hand_in(&sandbox);
    daemon.until("the mended set", |_| held(&sandbox) == rows(&[(1, "21"), (2, "22")]));
    daemon.until("the all-clear", |_| has_said(&sandbox, "set-refused kaigo cleared"));
    // A writer that puts the notice first: it waits for the data.
    mended = Set::diff(3, vec![row(3, "22", "0")]);
    let inbox = sandbox.path(INBOX);
    std::fs::write(inbox.join(format!("{}.done", mended.stem())), mended.notice().to_string()).unwrap();
    std::fs::write(inbox.join(format!("{}.csv", mended.stem())), mended.data()).unwrap();
    daemon.until("the data after its notice", |_| held(&sandbox).len() == 3);
    daemon.stop();
    assert_eq!(answers(&sandbox), ["2 refused", "2 taken", "3 taken", "1 taken"]);
    let told = said(&sandbox);
    assert_eq!(told.iter().filter(|line| line.starts_with("set-refused")).count(), 2, "{told:?}");
    assert!(!told.iter().any(|line| line.starts_with("run-failed")), "{told:?}");
}

#[test]
fn a_set_that_waits_too_long_for_others_is_told_once_and_cleared_once() {
    let sandbox = watched("gap_after = \"1m\"");
    Set::full(1, vec![row(1, "21", "0")]).hand_in(&sandbox);
    // It has waited since the sandbox's time, which is long ago by the daemon's clock.
    Set::diff(3, vec![row(3, "21", "0")]).hand_in(&sandbox);
    look(&sandbox).expect(10).says("set 2 is missing");
    let daemon = Daemon::start(&sandbox);
    daemon.until("the alert", |_| has_said(&sandbox, "set-waiting kaigo opened"));
    Set::diff(2, vec![row(2, "21", "0")]).hand_in(&sandbox);
    daemon.until("the gap is closed", |_| held(&sandbox).len() == 3);
    daemon.until("the all-clear", |_| has_said(&sandbox, "set-waiting kaigo cleared"));
    daemon.stop();
    let told = said(&sandbox);
    assert_eq!(told.iter().filter(|line| line.starts_with("set-waiting")).count(), 2, "{told:?}");
}

#[test]
fn a_set_that_waits_to_be_allowed_is_told_at_once_and_cleared_once_it_is() {
    let sandbox = watched("guard = { min_rows = 0 }");
    Set::full(1, (1..=40).map(|number| row(number, "21", "0")).collect()).hand_in(&sandbox);
    let daemon = Daemon::start(&sandbox);
    daemon.until("the full", |_| held(&sandbox).len() == 40);
    Set::full(2, (1..=20).map(|number| row(number, "21", "0")).collect()).hand_in(&sandbox);
    daemon.until("the alert", |_| has_said(&sandbox, "set-held kaigo opened"));
    assert_eq!(held(&sandbox).len(), 40);
    run(&sandbox, &["intake", "allow", "kaigo", "2", "--reason", "施設の統合", "--wait=30"]).expect(0);
    assert_eq!(held(&sandbox).len(), 20);
    daemon.until("the all-clear", |_| has_said(&sandbox, "set-held kaigo cleared"));
    daemon.stop();
    let told = said(&sandbox);
    assert_eq!(told.iter().filter(|line| line.starts_with("set-held")).count(), 2, "{told:?}");
}

#[test]
fn what_does_not_come_or_is_not_whole_is_told_once_and_cleared_once() {
    let sandbox =
        watched("expected_by = { at = \"00:00\" }\nincomplete_after = \"1s\"\nstray_after = \"1s\"");
    let daemon = Daemon::start(&sandbox);
    daemon.until("nothing came", |_| has_said(&sandbox, "nothing-came kaigo opened"));
    let set = Set::full(1, vec![row(1, "21", "0")]);
    let inbox = sandbox.path(INBOX);
    std::fs::write(inbox.join("note.txt"), "x").unwrap();
    std::fs::write(inbox.join(format!("{}.done", set.stem())), set.notice().to_string()).unwrap();
    daemon.until("incomplete", |_| has_said(&sandbox, "set-incomplete kaigo opened"));
    daemon.until("stray", |_| has_said(&sandbox, "stray-files kaigo opened"));
    std::fs::write(inbox.join(format!("{}.csv", set.stem())), set.data()).unwrap();
    std::fs::remove_file(inbox.join("note.txt")).unwrap();
    for kind in ["nothing-came", "set-incomplete", "stray-files"] {
        daemon.until(kind, |_| has_said(&sandbox, &format!("{kind} kaigo cleared")));
    }
    daemon.stop();
    // Of the machine's disks something may be told as well.
    let mut told: Vec<String> = said(&sandbox).into_iter().filter(|line| line.contains(" kaigo ")).collect();
    let n_told = told.len();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), n_told, "each is told once: {:?}", said(&sandbox));
}

#[test]
fn what_claims_to_be_too_large_is_refused_though_nothing_else_comes() {
    let sandbox = watched("");
    let daemon = Daemon::start(&sandbox);
    let set = Set::full(1, vec![row(1, "21", "0")]);
    let mut notice = set.notice();
    notice["files"][0]["n_bytes"] = 8_000_000_000_000_000_000_u64.into();
    sandbox.write(&format!("{INBOX}/{}.done", set.stem()), &notice.to_string());
    daemon.until("the refusal", |_| answers(&sandbox) == ["1 refused"]);
    daemon.stop();
}
