//! A deadline that nothing started for: warned of before, told once when it goes by, cleared once.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::sandbox::{NOW, PLAIN, Sandbox};
use crate::up::{Daemon, PATIENCE, hub};

/// A command on the daemon's clock.
fn at(sandbox: &Sandbox, clock: &str, args: &[&str]) -> crate::sandbox::Outcome {
    sandbox.run_command(sandbox.command(args).env_remove("RENKEI_NOW").env("RENKEI_CLOCK", clock))
}

/// The alerts about deadlines.
fn alerts(sandbox: &Sandbox, clock: &str, more: &[&str]) -> Vec<Value> {
    let all = at(sandbox, clock, &[&["alert", "list", "--json"], more].concat()).expect(0).json();
    let is_of_deadline = |alert: &&Value| alert["key"].as_str().unwrap().starts_with("deadline");
    all.as_array().unwrap().iter().filter(is_of_deadline).cloned().collect()
}

#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn nothing_started_is_told_before_the_deadline_and_cleared_after() {
    let sandbox = hub();
    std::fs::remove_file(sandbox.path("hub/jobs/nightly.toml")).unwrap();
    let job = format!(
        "name = \"tax\"\npublish = [\"{PLAIN}\"]\ncontent = \"full\"\ndeadline = \"01:45\"\nwarn_before = \"8m\"\n\
         [schedule]\nat = \"01:32\"\ndays = \"all\"\n"
    );
    std::fs::write(sandbox.path("hub/jobs/tax.toml"), job).unwrap();
    // A minute of the daemon's night goes by in a second.
    let anchor = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let clock = format!("{NOW}@{anchor}*60");
    at(&sandbox, &clock, &["hold", "tax", "--reason", "the receiver is not ready"]).expect(0);
    let daemon = Daemon::start_with(&sandbox, &[("RENKEI_CLOCK", &clock)]);
    let open_kind = || {
        let open = alerts(&sandbox, &clock, &["--open"]);
        assert!(open.len() <= 1, "{open:?}");
        open.first().map(|alert| alert["alert"]["matter"]["kind"].as_str().unwrap().to_owned())
    };
    until("the warning", || open_kind().as_deref() == Some("deadline-near"));
    until("the deadline", || open_kind().as_deref() == Some("deadline-passed"));
    at(&sandbox, &clock, &["release", "tax", "--reason", "it is now"]).expect(0);
    until("the all-clear", || open_kind().is_none());
    assert_eq!(sandbox.notices(PLAIN).len(), 1);
    let told = alerts(&sandbox, &clock, &[]);
    assert_eq!(told.len(), 1, "one alert, one all-clear: {told:?}");
    assert!(told[0]["cleared_at"].is_string());
    daemon.stop();
}
