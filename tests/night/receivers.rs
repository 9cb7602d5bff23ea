//! The daemon and its receivers: receipts come in by themselves, and who falls behind is told of once.

use std::time::{Duration, Instant};

use renkei_core::Digest;
use renkei_core::hash::sha256;
use renkei_core::notice::Notice;
use serde_json::json;

use crate::sandbox::{PLAIN, Sandbox};
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
    let told = || std::fs::read_to_string(&said).unwrap_or_default();
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
    let lines: Vec<String> =
        told().lines().filter(|line| line.contains("receiver")).map(str::to_owned).collect();
    assert_eq!(
        lines,
        [format!("receiver-behind opened {PLAIN}"), format!("receiver-behind cleared {PLAIN}")]
    );
}
