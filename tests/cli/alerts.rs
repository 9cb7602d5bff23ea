//! `renkei alert`: the channels tried, and what is on record.

use std::fs;

use renkei_core::Moment;
use renkei_core::alert::{Alert, Matter, Word};
use renkei_core::port::Store as _;

use crate::sandbox::Sandbox;

/// A hub whose alerts go to a script that appends its arguments to a file.
fn hub(script_end: &str) -> Sandbox {
    let sandbox = Sandbox::new().init();
    let said = sandbox.path("said").display().to_string();
    sandbox.write("hook.sh", &format!("printf '%s\\n' \"$@\" >> '{said}'\n{script_end}\n"));
    let text = fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
    let hook = sandbox.path("hook.sh").display().to_string();
    let alert = format!(
        "[alert.command]\nprogram = \"/bin/sh\"\nargs = [\"{hook}\", \"{{kind}}\", \"{{hub}}\", \"{{title}}\"]\n"
    );
    fs::write(sandbox.path("hub/hub.toml"), format!("{text}\n{alert}")).unwrap();
    sandbox
}

#[test]
fn a_test_tells_what_came_of_each_channel() {
    let sandbox = hub("exit 0");
    sandbox.run(&["alert", "test"]).expect(0).says("exit code 0");
    assert_eq!(fs::read_to_string(sandbox.path("said")).unwrap(), "test\n082201\n試験の警報です\n");
    let outcome = sandbox.run(&["alert", "test", "--channel", "command", "--json"]).expect(0);
    let value = outcome.json();
    assert_eq!(value["alert"]["matter"]["kind"], "test");
    assert_eq!(value["deliveries"][0]["outcome"], "exited");
    assert_eq!(value["deliveries"][0]["exit_code"], 0);
    let alerts = sandbox.run(&["alert", "list", "--json"]).expect(0).json();
    assert_eq!(alerts.as_array().unwrap().len(), 2);
    assert_eq!(alerts[0]["cleared_at"], "2026-10-02T01:30:00+09:00", "a test never stands open");
    sandbox.run(&["alert", "list"]).expect(0).says("test");
    sandbox.run(&["alert", "list", "--open"]).expect(0).says_not("2026-10-02");
}

#[test]
fn a_channel_that_fails_is_an_exit_code() {
    hub("echo だめ >&2; exit 3")
        .run(&["alert", "test", "--lang", "ja"])
        .expect(12)
        .says("終了コード 3")
        .says("だめ");
    let sandbox = hub("exit 0");
    sandbox.run(&["alert", "test", "--channel", "mail"]).expect_fault(10, "hub.no-alert-channel");
    Sandbox::new().init().run(&["alert", "test"]).expect_fault(10, "hub.no-alert-channel");
}

#[test]
fn a_test_is_audited_with_who_and_what_came_of_it() {
    let sandbox = hub("exit 4");
    sandbox.run(&["alert", "test", "--operator", "夜間当番"]).expect(12);
    let database = rusqlite::Connection::open(sandbox.path("hub/data/renkei.db")).unwrap();
    let line: (String, String, String) = database
        .query_row("SELECT operator, action, result FROM audit", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!(line, ("夜間当番".to_owned(), "alert test".to_owned(), "command exit code 4".to_owned()));
}

#[test]
fn a_test_goes_beside_a_writer() {
    let sandbox = hub("exit 0");
    let lock = sandbox.path("hub/data/renkei.lock");
    let held = renkei_folder::RootLock::take(&lock, "another", "now", None).unwrap();
    sandbox.run(&["alert", "test"]).expect(0);
    drop(held);
}

#[test]
fn an_open_alert_is_cleared_by_its_key_and_the_all_clear_goes_out() {
    let sandbox = Sandbox::loaded(20, 4);
    let store = sandbox.store();
    let matter = Matter::SchedulerStopped { fault_code: Word::of("store.full") };
    let mut tx = store.begin().unwrap();
    tx.open_alert(&Alert::new(matter, Moment::from_unix(1_790_872_200).unwrap()), &[]).unwrap();
    tx.commit().unwrap();
    drop(store);
    let open = |sandbox: &Sandbox| sandbox.run(&["alert", "list", "--open", "--json"]).expect(0).json();
    assert_eq!(open(&sandbox)[0]["key"], "scheduler-stopped");
    sandbox
        .run(&["alert", "clear", "scheduler-stoped", "--reason", "x"])
        .expect_fault(2, "usage.unknown-alert")
        .says("did you mean \"scheduler-stopped\"?");
    sandbox.run(&["alert", "clear", "scheduler-stopped"]).expect(2);
    sandbox.run(&["alert", "clear", "scheduler-stopped", "--reason", "確認済み"]).expect(0);
    assert_eq!(open(&sandbox), serde_json::json!([]));
    let line = sandbox.audit().pop().unwrap();
    assert_eq!((line.action.as_str(), line.reason.as_str()), ("clear alert scheduler-stopped", "確認済み"));
    sandbox
        .run(&["alert", "clear", "scheduler-stopped", "--reason", "x"])
        .expect_fault(2, "usage.unknown-alert");
}
