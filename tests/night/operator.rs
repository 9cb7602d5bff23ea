//! The daemon and an operator's commands side by side.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::sandbox::{BOM, PLAIN, Sandbox};
use crate::up::{Daemon, PATIENCE, hub, job, run};

#[test]
fn a_run_that_is_asked_for_goes_through_the_daemons_queue() {
    let sandbox = hub();
    let daemon = Daemon::start(&sandbox);
    let board = run(&sandbox, &["run", "first", "--reason", "tax office asked", "--json"]).expect(0).json();
    assert_eq!((board[0]["feed"].as_str(), board[0]["kind"].as_str()), (Some(PLAIN), Some("full")));
    assert_eq!(sandbox.notices(PLAIN).len(), 1);
    let status =
        daemon.until("the end on the board", |status| job(status, "first")["standing"] == "succeeded");
    let run_id = job(&status, "first")["run"]["run_id"].as_str().unwrap().to_owned();
    let shown = run(&sandbox, &["show", &run_id, "--json"]).expect(0).json();
    assert_eq!(shown["run"]["reason"], "tax office asked");
    assert_eq!(shown["attempts"].as_array().unwrap().len(), 1);
    let steps: Vec<&str> =
        shown["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(steps, ["stage", "seal", "data", "notice", "settle"]);
    assert!(!shown["log"].as_array().unwrap().is_empty(), "the log's lines are kept");
    // A command that writes by itself takes its turn between runs.
    run(&sandbox, &["generate", BOM, "--full", "--wait"]).expect(0);
    daemon.stop();
    // Without the daemon the same command works in place.
    run(&sandbox, &["run", "first"]).expect(0);
    assert_eq!(sandbox.notices(PLAIN).len(), 2);
}

#[test]
fn a_second_daemon_is_refused() {
    let sandbox = hub();
    let daemon = Daemon::start(&sandbox);
    run(&sandbox, &["daemon"]).expect_fault(10, "hub.daemon-up");
    daemon.stop();
}

#[test]
fn a_job_that_is_held_waits_for_its_release() {
    let sandbox = hub();
    let daemon = Daemon::start(&sandbox);
    run(&sandbox, &["hold", "first", "--reason", "assessment under way"]).expect(0);
    run(&sandbox, &["run", "first", "--no-wait"]).expect(0);
    let status = daemon.until("the hold", |status| job(status, "first")["standing"] == "waiting");
    assert_eq!(job(&status, "first")["waits_for"]["reason"], "assessment under way");
    assert_eq!(sandbox.notices(PLAIN).len(), 0);
    run(&sandbox, &["release", "first", "--reason", "done"]).expect(0);
    daemon.until("the run", |status| job(status, "first")["standing"] == "succeeded");
    daemon.stop();
    run(&sandbox, &["hold", "frist", "--reason", "x"]).expect_fault(2, "usage.unknown-job");
    run(&sandbox, &["hold", "first"]).expect(2);
    run(&sandbox, &["hold", "first", "--reason", " "]).expect(2);
}

#[test]
fn a_run_that_waits_is_called_off() {
    let sandbox = hub();
    let daemon = Daemon::start(&sandbox);
    run(&sandbox, &["hold", "first", "--reason", "wait"]).expect(0);
    let queued = run(&sandbox, &["run", "first", "--no-wait", "--json"]).expect(0).json();
    let run_id = queued["run_id"].as_str().unwrap();
    run(&sandbox, &["cancel", run_id, "--reason", "not needed"]).expect(0);
    daemon.until("the end", |status| job(status, "first")["run"]["state"] == "cancelled");
    run(&sandbox, &["cancel", run_id, "--reason", "again"]).expect_fault(2, "usage.not-cancellable");
    run(&sandbox, &["cancel", "zzzz", "--reason", "x"]).expect_fault(2, "usage.unknown-run");
    daemon.stop();
    // The same with nobody up but the operator.
    let sandbox = hub();
    let daemon = Daemon::start(&sandbox);
    run(&sandbox, &["hold", "first", "--reason", "wait"]).expect(0);
    let queued = run(&sandbox, &["run", "first", "--no-wait", "--json"]).expect(0).json();
    daemon.stop();
    run(&sandbox, &["cancel", queued["run_id"].as_str().unwrap(), "--reason", "not needed"]).expect(0);
    let status = run(&sandbox, &["status", "--json"]).json();
    assert_eq!(job(&status, "first")["run"]["state"], "cancelled");
    assert_eq!(sandbox.notices(PLAIN).len(), 0);
}

#[test]
fn a_run_at_work_that_is_called_off_ends_by_who_did_so() {
    let sandbox = hub();
    // It takes its time where nothing is published yet.
    let daemon = Daemon::start_with(&sandbox, &[("RENKEI_LINGER_AT", "publish.staging")]);
    let queued = run(&sandbox, &["run", "first", "--no-wait", "--json"]).expect(0).json();
    let run_id = queued["run_id"].as_str().unwrap();
    daemon.until("it is at work", |status| job(status, "first")["standing"] == "running");
    run(&sandbox, &["cancel", run_id, "--reason", "wrong day", "--operator", "tanaka"]).expect(0);
    daemon.until("the end", |status| job(status, "first")["run"]["state"] == "cancelled");
    assert_eq!(sandbox.notices(PLAIN).len(), 0);
    daemon.stop();
    let lines = sandbox.audit();
    let of_run = |line: &&renkei_core::port::AuditEntry| line.action.contains(run_id);
    let told: Vec<(&str, &str)> =
        lines.iter().filter(of_run).map(|line| (line.operator.as_str(), line.result.as_str())).collect();
    assert_eq!(told.first(), Some(&("tanaka", "it was running")), "{told:?}");
    assert!(
        told.last().is_some_and(|(who, result)| *who == "tanaka" && result.starts_with("cancelled")),
        "{told:?}"
    );
}

#[test]
fn a_run_that_is_held_is_decided_and_not_called_off() {
    let sandbox = hub();
    sandbox.replace("hub/hub.toml", "# max_changed_rows = 20000", "max_changed_rows = 1");
    run(&sandbox, &["run", "first"]).expect(0);
    sandbox.run(&["apply", "town/moves.csv"]).expect(0);
    sandbox.replace("hub/jobs/first.toml", "content = \"full\"", "content = \"diff\"");
    run(&sandbox, &["run", "first"]).expect(10);
    let runs = run(&sandbox, &["runs", "--json"]).expect(0).json();
    let held = runs.as_array().unwrap().iter().find(|run| run["state"] == "held").unwrap();
    let run_id = held["run_id"].as_str().unwrap();
    run(&sandbox, &["cancel", run_id, "--reason", "x"])
        .expect_fault(2, "usage.run-held")
        .says("release or discard");
    run(&sandbox, &["held", "discard", PLAIN, "--reason", "x"]).expect(0);
}

#[test]
fn what_a_person_must_look_at_is_told_once_and_cleared_once() {
    let sandbox = hub();
    // A file where the feed's folder should be: nothing can be published there until somebody clears it away.
    let in_the_way = sandbox.feed_folder(PLAIN);
    std::fs::create_dir_all(in_the_way.parent().unwrap()).unwrap();
    std::fs::write(&in_the_way, "in the way").unwrap();
    let daemon = Daemon::start(&sandbox);
    let failed = run(&sandbox, &["run", "first"]);
    failed.expect_fault(10, "hub.run-failed");
    let open = |sandbox: &Sandbox| run(sandbox, &["alert", "list", "--open", "--json"]).expect(0).json();
    let started = Instant::now();
    while open(&sandbox).as_array().unwrap().is_empty() {
        assert!(started.elapsed() < PATIENCE, "no alert");
        std::thread::sleep(Duration::from_millis(50));
    }
    run(&sandbox, &["run", "first"]).expect_fault(10, "hub.run-failed");
    assert_eq!(open(&sandbox).as_array().unwrap().len(), 1, "{:#}", open(&sandbox));
    std::fs::remove_file(&in_the_way).unwrap();
    run(&sandbox, &["run", "first"]).expect(0);
    let started = Instant::now();
    while !open(&sandbox).as_array().unwrap().is_empty() {
        assert!(started.elapsed() < PATIENCE, "{:#}", open(&sandbox));
        std::thread::sleep(Duration::from_millis(50));
    }
    daemon.stop();
}

#[test]
fn the_daemon_keeps_the_end_of_the_audit_and_goes_on_without() {
    let sandbox = hub();
    let head = sandbox.path("elsewhere/renkei.head");
    std::fs::create_dir(sandbox.path("elsewhere")).unwrap();
    let written = format!("[audit]\nhead = \"{}\"\n", head.display());
    sandbox.replace("hub/hub.toml", "# [audit]\n# head = \"/mnt/other/renkei-audit.head\"\n", &written);
    let kept = || -> u64 {
        let text = std::fs::read_to_string(&head).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["audit_no"].as_u64().unwrap()
    };
    let last =
        || run(&sandbox, &["audit", "list", "--last", "1", "--json"]).json()[0]["audit_no"].as_u64().unwrap();
    let daemon = Daemon::start(&sandbox);
    run(&sandbox, &["run", "first"]).expect(0);
    // A place that is away stops no run.
    std::fs::rename(sandbox.path("elsewhere"), sandbox.path("away")).unwrap();
    run(&sandbox, &["run", "first"]).expect(0);
    assert!(!head.exists());
    std::fs::rename(sandbox.path("away"), sandbox.path("elsewhere")).unwrap();
    daemon.until("the end is kept again", |_| kept() == last());
    run(&sandbox, &["run", "retention"]).expect(0);
    daemon.stop();
    assert_eq!(kept(), last());
    run(&sandbox, &["audit", "verify"]).expect(0);
}

#[test]
fn a_run_done_again_does_only_what_was_left() {
    let sandbox = hub();
    let both = format!("name = \"both\"\npublish = [\"{PLAIN}\", \"{BOM}\"]\ncontent = \"full\"\n");
    std::fs::write(sandbox.path("hub/jobs/both.toml"), both).unwrap();
    let in_the_way = sandbox.feed_folder(BOM);
    std::fs::create_dir_all(in_the_way.parent().unwrap()).unwrap();
    std::fs::write(&in_the_way, "in the way").unwrap();
    let last = |sandbox: &Sandbox| {
        let status = run(sandbox, &["status", "--json"]).json();
        job(&status, "both")["run"]["run_id"].as_str().unwrap().to_owned()
    };
    let daemon = Daemon::start(&sandbox);
    run(&sandbox, &["run", "both"]).expect_fault(10, "hub.run-failed");
    let first = last(&sandbox);
    // Still in the way: nothing of the feed that was published is made again.
    run(&sandbox, &["run", "both", "--redoes", &first]).expect_fault(10, "hub.run-failed");
    let second = last(&sandbox);
    let status = run(&sandbox, &["status", "--json"]).expect(1).json();
    let standing = |feed: &str| {
        let feeds = status["feeds"].as_array().unwrap();
        let line = feeds.iter().find(|line| line["feed"] == feed).unwrap();
        (line["standing"].as_str().unwrap().to_owned(), line["fault"].as_str().map(str::to_owned))
    };
    assert_eq!(standing(PLAIN), ("published".to_owned(), None));
    assert_eq!(standing(BOM), ("failed".to_owned(), Some("folder.outside".to_owned())));
    std::fs::remove_file(&in_the_way).unwrap();
    // Another command finishes what was sealed: nothing is left to be made, and the board is put right all the same.
    run(&sandbox, &["generate", PLAIN, "--diff", "--wait"]).expect(0);
    assert_eq!(sandbox.notices(BOM).len(), 1);
    run(&sandbox, &["run", "both", "--redoes", &second]).expect(0);
    assert_eq!((sandbox.notices(PLAIN).len(), sandbox.notices(BOM).len()), (2, 1));
    let status = daemon.until("the all-clear", |_| {
        run(&sandbox, &["alert", "list", "--open", "--json"])
            .json()
            .as_array()
            .unwrap()
            .iter()
            .all(|alert| !alert["key"].as_str().unwrap().starts_with("run-failed"))
    });
    assert_eq!(job(&status, "both")["standing"], "succeeded");
    run(&sandbox, &["run", "both", "--redoes", &last(&sandbox)]).expect_fault(2, "usage.nothing-left");
    run(&sandbox, &["run", "first", "--redoes", &first]).expect_fault(2, "usage.other-job");
    let shown = run(&sandbox, &["show", &last(&sandbox), "--json"]).expect(0).json();
    assert_eq!(shown["run"]["redoes"].as_str(), Some(second.as_str()));
    daemon.stop();
}

#[test]
fn a_job_that_is_disabled_runs_for_nobody() {
    let sandbox = hub();
    let daemon = Daemon::start(&sandbox);
    run(&sandbox, &["disable", "first", "--reason", "no receiver yet"]).expect(0);
    run(&sandbox, &["run", "first"]).expect_fault(2, "usage.disabled-job");
    daemon.until("the switch", |status| job(status, "first")["standing"] == "disabled");
    run(&sandbox, &["enable", "first", "--reason", "they are ready"]).expect(0);
    run(&sandbox, &["run", "first"]).expect(0);
    daemon.stop();
}

#[test]
fn a_bug_ends_its_run_and_not_the_daemon() {
    let sandbox = hub();
    let daemon = Daemon::start_with(&sandbox, &[("RENKEI_PANIC_AT", "publish.staged")]);
    run(&sandbox, &["run", "first"]).expect_fault(70, "hub.run-failed").says("engine.panic");
    let status = daemon.until("the end", |status| job(status, "first")["run"]["state"] == "failed");
    assert_eq!(job(&status, "first")["run"]["fault_class"], "bug");
    assert!(status["daemon"].is_string());
    assert_eq!(sandbox.notices(PLAIN).len(), 0);
    daemon.stop();
    // What the run left on the stage is gone with the next writer.
    run(&sandbox, &["run", "first"]).expect(0);
    assert_eq!(sandbox.notices(PLAIN).len(), 1);
}

#[test]
fn a_stop_ends_a_run_at_a_safe_point_and_it_goes_on() {
    let sandbox = hub();
    sandbox.replace("hub/hub.toml", "grace = \"5s\"", "grace = \"0s\"");
    // It takes its time where nothing is published yet.
    let daemon = Daemon::start_with(&sandbox, &[("RENKEI_LINGER_AT", "publish.staging")]);
    run(&sandbox, &["run", "first", "--no-wait"]).expect(0);
    daemon.until("it is at work", |status| job(status, "first")["standing"] == "running");
    daemon.stop();
    let status = run(&sandbox, &["status", "--json"]).json();
    let stopped = &job(&status, "first")["run"];
    assert_eq!((&stopped["state"], &stopped["n_attempts"]), (&"stopped".into(), &0.into()));
    assert_eq!(sandbox.notices(PLAIN).len(), 0);
    let daemon = Daemon::start(&sandbox);
    daemon.until("it went on", |status| job(status, "first")["run"]["state"] == "succeeded");
    assert_eq!(sandbox.notices(PLAIN).len(), 1);
    daemon.stop();
}

#[test]
fn an_alert_ends_with_the_fault_whoever_put_it_right() {
    let sandbox = hub();
    let in_the_way = sandbox.feed_folder(PLAIN);
    std::fs::create_dir_all(in_the_way.parent().unwrap()).unwrap();
    std::fs::write(&in_the_way, "in the way").unwrap();
    let n_open = |sandbox: &Sandbox| {
        let open = run(sandbox, &["alert", "list", "--open", "--json"]).expect(0).json();
        let of_runs = |alert: &&Value| alert["key"].as_str().unwrap().starts_with("run-failed");
        open.as_array().unwrap().iter().filter(of_runs).count()
    };
    let until = |n_alerts: usize| {
        let started = Instant::now();
        while n_open(&sandbox) != n_alerts {
            assert!(started.elapsed() < PATIENCE, "{} alerts, not {n_alerts}", n_open(&sandbox));
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    // It failed while no daemon was up to tell: the next one tells it.
    run(&sandbox, &["run", "first"]).expect_fault(10, "folder.outside");
    assert_eq!(n_open(&sandbox), 0);
    let daemon = Daemon::start(&sandbox);
    until(1);
    daemon.stop();
    // And it is put right while none is up.
    std::fs::remove_file(&in_the_way).unwrap();
    run(&sandbox, &["run", "first"]).expect(0);
    let daemon = Daemon::start(&sandbox);
    until(0);
    daemon.stop();
}
