//! An agent whose hub sends nothing, or late, and who is told of it.

use crate::agent::{V1_0, declare};
use crate::running::Running;
use crate::sandbox::{PLAIN, Sandbox};

/// An agent that expects something by 05:30 and tells a script.
fn expecting(sandbox: &Sandbox) {
    declare(sandbox, V1_0, "expected_by = { at = \"05:30\" }");
    let said = sandbox.path("said").display().to_string();
    sandbox.write("hook.sh", &format!("printf '%s %s %s\\n' \"$@\" >> '{said}'\n"));
    let hook = sandbox.path("hook.sh").display().to_string();
    let args = format!("[\"{hook}\", \"{{kind}}\", \"{{intake}}\", \"{{news}}\"]");
    let alert = format!("[alert.command]\nprogram = \"/bin/sh\"\nargs = {args}\n\n[target]");
    sandbox.replace("receive.toml", "[target]", &alert);
}

fn said(sandbox: &Sandbox) -> Vec<String> {
    let text = std::fs::read_to_string(sandbox.path("said")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// 02:00 and 06:00 of 3 October 2026 and of the day after.
const EARLY: &str = "1790960400";
const MORNING: &str = "1790974800";
const NEXT_MORNING: &str = "1791061200";

#[test]
fn what_does_not_come_by_its_time_is_told_once_and_so_is_its_coming() {
    let sandbox = Sandbox::loaded(60, 6);
    expecting(&sandbox);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    let receive = |now: &str| sandbox.run_with(&[("RENKEI_NOW", now)], &["receive"]);
    receive(EARLY).expect(0);
    receive(MORNING).expect(0);
    assert_eq!(said(&sandbox), [""; 0]);
    receive(NEXT_MORNING).expect(10).says("nothing came by 2026-10-04T05:30:00+09:00");
    let told = ["nothing-came jumin opened"];
    assert_eq!(said(&sandbox), told);
    receive(NEXT_MORNING).expect(10);
    sandbox.run_with(&[("RENKEI_NOW", NEXT_MORNING)], &["receive", "--preview"]).expect(10);
    assert_eq!(said(&sandbox), told, "once");
    let status = sandbox.run(&["receive", "--status", "--json"]).expect(0).json();
    assert_eq!(status["alerts"][0]["matter"]["kind"], "nothing-came");
    sandbox
        .run(&["receive", "--status"])
        .expect(0)
        .says("nothing came by 10-04 05:30 (business dates in a row: 1)");
    sandbox.run(&["apply", "town/moves.csv"]).expect(0);
    // The same business date again: beside what came, and not what is missing.
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    receive(NEXT_MORNING).expect(10);
    assert_eq!(said(&sandbox), told);
    let generate = ["generate", PLAIN, "--diff"];
    sandbox.run_with(&[("RENKEI_NOW", NEXT_MORNING)], &generate).expect(0);
    receive(NEXT_MORNING).expect(0);
    assert_eq!(said(&sandbox), ["nothing-came jumin opened", "nothing-came jumin cleared"]);
}

#[test]
fn the_agent_that_stays_tells_by_itself() {
    let sandbox = Sandbox::loaded(60, 6);
    expecting(&sandbox);
    let mut agent = Running::spawn(&sandbox, &["receive", "--daemon"], &[]);
    agent.until("it is told", || said(&sandbox) == ["nothing-came jumin opened"]);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    agent.until("it has come", || said(&sandbox).len() == 2);
    let (status, output) = agent.end();
    assert_eq!(status.code(), Some(0), "{output:#?}");
}

#[test]
fn a_database_that_is_away_is_told() {
    let sandbox = Sandbox::loaded(60, 6);
    expecting(&sandbox);
    std::fs::create_dir_all(sandbox.path("agent/receive.db")).unwrap();
    assert!(!sandbox.receive(&[]).status.success());
    assert_eq!(said(&sandbox), ["receiving-failed jumin opened"]);
    std::fs::remove_dir(sandbox.path("agent/receive.db")).unwrap();
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    sandbox.receive(&[]).expect(0);
    assert_eq!(said(&sandbox), ["receiving-failed jumin opened", "receiving-failed jumin cleared"]);
}

#[test]
fn whether_alerts_arrive_can_be_tried() {
    let sandbox = Sandbox::loaded(20, 2);
    expecting(&sandbox);
    sandbox.receive(&["--alert-test"]).expect(0).says("exit code 0");
    assert_eq!(said(&sandbox), ["test  opened"]);
    declare(&sandbox, V1_0, "");
    sandbox.receive(&["--alert-test"]).expect_fault(10, "hub.no-alert-channel");
}
