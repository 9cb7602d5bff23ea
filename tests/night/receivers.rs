//! The daemon and its receivers: receipts come in by themselves, and who falls behind is told of once.

use std::time::{Duration, Instant};

use renkei_core::hash::sha256;
use renkei_core::notice::Notice;
use renkei_core::port::{IntakeHead, Store as _};
use renkei_core::receive::Holding;
use renkei_core::state::{FeedState, RowDigest};
use renkei_core::{Digest, Moment, Sequence};
use serde_json::json;

use crate::sandbox::{PLAIN, Sandbox, files};
use crate::up::{Daemon, PATIENCE, hub, run};

/// What receiver 015 answers of a publication that it took in.
fn answer(sandbox: &Sandbox, sequence: usize) {
    let path = sandbox.notices(PLAIN)[sequence - 1].clone();
    let bytes = std::fs::read(&path).unwrap();
    let notice = Notice::parse(&bytes).unwrap();
    let receipt = json!({
        "format": 1, "municipality": "082201", "receiver": "015", "intake": "jumin",
        "notice": path.file_name().unwrap().to_str().unwrap(), "notice_sha256": Digest(sha256(&bytes)),
        "content_sha256": notice.content_sha256(), "feed": PLAIN, "sequence": sequence, "outcome": "taken",
        "rows": { "added": 1, "changed": 0, "removed": 0, "unchanged": 0, "warned": 0, "parked": 0 },
        "state": notice.state_after, "holds_sequence": sequence, "at": "2026-10-02T02:00:00+09:00",
    });
    let name = format!("hub/share/015/receipt/{sequence}.receipt.json");
    std::fs::create_dir_all(sandbox.path("hub/share/015/receipt")).unwrap();
    std::fs::write(sandbox.path(&name), receipt.to_string()).unwrap();
}

#[track_caller]
fn wait_for(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_receiver_that_falls_behind_is_told_of_once_and_cleared_once() {
    let sandbox = hub();
    let said = sandbox.path("said");
    let script = format!("printf '%s\\n' \"$*\" >> '{}'\n", said.display());
    sandbox.write("hook.sh", &script);
    let hook = sandbox.path("hook.sh").display().to_string();
    let text = std::fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let alert = format!(
        "[alert.command]\nprogram = \"/bin/sh\"\nargs = [\"{hook}\", \"{{kind}}\", \"{{news}}\", \"{{feed}}\"]\n"
    );
    std::fs::write(sandbox.path("hub/hub.toml"), format!("{text}\n{alert}")).unwrap();
    // Whatever else this machine is told of, such as a full disk, is not of this test.
    let told = || {
        let all = std::fs::read_to_string(&said).unwrap_or_default();
        let lines: Vec<&str> = all.lines().filter(|line| line.contains("receiver")).collect();
        lines.join("\n")
    };
    // Published long before the system's clock, which the daemon goes by.
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    let behind = |daemon: Daemon<'_>| {
        let ledger = run(&sandbox, &["ledger", PLAIN, "--json"]).expect(0).json();
        daemon.stop();
        ledger[0]["behind"].as_u64().unwrap()
    };
    // Of one that never answers nothing can be told.
    assert_eq!(behind(Daemon::start(&sandbox)), 1);
    assert_eq!(told(), "");
    answer(&sandbox, 1);
    sandbox.run(&["apply", "town/moves.csv"]);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    let daemon = Daemon::start(&sandbox);
    wait_for("the alert", || told().contains("receiver-behind opened"));
    daemon.stop();
    assert!(!sandbox.path("hub/share/015/receipt/1.receipt.json").exists(), "the daemon took it in");
    answer(&sandbox, 2);
    let daemon = Daemon::start(&sandbox);
    wait_for("the all-clear", || told().contains("receiver-behind cleared"));
    assert_eq!(behind(daemon), 0);
    let told = told();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines,
        [format!("receiver-behind opened {PLAIN}"), format!("receiver-behind cleared {PLAIN}")]
    );
}

/// The alerts about receivers that a daemon has told, in order.
fn told(sandbox: &Sandbox) -> Vec<String> {
    let said = std::fs::read_to_string(sandbox.path("said")).unwrap_or_default();
    said.lines().filter(|line| line.starts_with("receiver")).map(str::to_owned).collect()
}

/// A hub that tells its alerts to a file, with a full of the plain feed.
fn telling() -> Sandbox {
    let sandbox = hub();
    let said = sandbox.path("said");
    sandbox.write("hook.sh", &format!("printf '%s\\n' \"$*\" >> '{}'\n", said.display()));
    let hook = sandbox.path("hook.sh").display().to_string();
    let text = std::fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let alert = format!(
        "[alert.command]\nprogram = \"/bin/sh\"\nargs = [\"{hook}\", \"{{kind}}\", \"{{news}}\", \"{{feed}}\"]\n"
    );
    std::fs::write(sandbox.path("hub/hub.toml"), format!("{text}\n{alert}")).unwrap();
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    sandbox
}

/// What receiver 015 says it holds after the full, changed.
fn say_held(sandbox: &Sandbox, change: impl FnOnce(&mut FeedState)) {
    let store = sandbox.store();
    let feed = PLAIN.parse().unwrap();
    let record = store.snapshot().unwrap().publication(&feed, Sequence(1)).unwrap().unwrap();
    let mut state = record.state;
    change(&mut state);
    let head = IntakeHead {
        feed,
        version: "1.0".parse().unwrap(),
        sequence: Sequence(1),
        content_sha256: Digest([0; 32]),
        state,
        business_date: record.business_date,
        taken_at: Moment::from_unix(0).unwrap(),
    };
    let holding = Holding::of(&"jumin".parse().unwrap(), &head).to_json().unwrap();
    std::fs::create_dir_all(sandbox.path("hub/share/015/receipt")).unwrap();
    std::fs::write(sandbox.path("hub/share/015/receipt/x.holding.json"), holding).unwrap();
}

#[test]
fn a_receiver_that_holds_something_else_is_told_of_until_it_does_not() {
    let sandbox = telling();
    sandbox.replace("hub/jobs/reconcile.toml", "enabled = false", "enabled = true");
    say_held(&sandbox, |state| state.add(7, &RowDigest([1; 32])));
    sandbox.run(&["run", "reconcile"]).expect(0);
    let daemon = Daemon::start(&sandbox);
    wait_for("the alert", || told(&sandbox) == [format!("receiver-differs opened {PLAIN}")]);
    daemon.stop();
    say_held(&sandbox, |_| {});
    sandbox.run(&["run", "reconcile"]).expect(0);
    let daemon = Daemon::start(&sandbox);
    wait_for("the all-clear", || told(&sandbox).last() == Some(&format!("receiver-differs cleared {PLAIN}")));
    daemon.stop();
    assert_eq!(told(&sandbox).len(), 2);
}

#[test]
fn an_answer_that_something_is_missing_is_mended_by_rule() {
    let sandbox = telling();
    let text = std::fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let of_plain = text
        .split("[[feed]]")
        .find(|feed| feed.contains(&format!("id = \"{PLAIN}\"")))
        .and_then(|feed| feed.lines().find(|line| line.starts_with("receivers = [")))
        .unwrap();
    sandbox.replace("hub/hub.toml", of_plain, "receivers = [\"015\"]\nmend = \"merged\"");
    sandbox.replace("hub/jobs/mend.toml", "enabled = false", "enabled = true");
    answer(&sandbox, 1);
    sandbox.run(&["apply", "town/moves.csv"]);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    answer(&sandbox, 3);
    let receipt = sandbox.path("hub/share/015/receipt/3.receipt.json");
    let mut waits: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&receipt).unwrap()).unwrap();
    waits["outcome"] = "waiting".into();
    waits["holds_sequence"] = 1.into();
    waits["at"] = "2026-10-02T03:00:00+09:00".into();
    waits["state"] = json!(null);
    waits["reasons"] = json!([{ "code": "gap", "detail": "set 2 is missing" }]);
    std::fs::write(&receipt, waits.to_string()).unwrap();
    let lost = sandbox.notices(PLAIN)[1].clone();
    std::fs::remove_file(lost.with_extension("csv")).unwrap();
    std::fs::remove_file(lost).unwrap();
    let mailbox = sandbox.path(&format!("hub/share/015/mend/{PLAIN}"));
    let daemon = Daemon::start(&sandbox);
    wait_for("the merged diff", || {
        mailbox.is_dir() && files::names(&mailbox).iter().any(|name| files::ends_with(name, "done"))
    });
    daemon.stop();
}
