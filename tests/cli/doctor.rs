//! `renkei doctor`: a hub that is well, and what is said of one that is not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::sandbox::{PLAIN, Sandbox};

/// What the doctor says of a check.
fn findings(sandbox: &Sandbox, exit: i32) -> Vec<Value> {
    let value = sandbox.run(&["doctor", "--json"]).expect(exit).json();
    value["findings"].as_array().unwrap().clone()
}

#[track_caller]
fn check(sandbox: &Sandbox, exit: i32, check: &str, level: &str, place: &str) {
    let findings = findings(sandbox, exit);
    let is_it = |finding: &&Value| {
        finding["check"] == check
            && finding["level"] == level
            && finding["place"].as_str().is_some_and(|found| found.contains(place))
    };
    let found = findings.iter().find(is_it);
    let found = found.unwrap_or_else(|| panic!("{level} {check} at {place} in {findings:#?}"));
    assert_eq!(found["remedy"].is_null(), level == "ok", "{found}");
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_sound_hub_has_no_problem() {
    let sandbox = Sandbox::loaded(30, 1);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    let findings = findings(&sandbox, 0);
    let of = |level: &str| -> Vec<&str> {
        let of_level = findings.iter().filter(|finding| finding["level"] == level);
        of_level.map(|finding| finding["check"].as_str().unwrap()).filter(|check| *check != "space").collect()
    };
    assert_eq!(of("problem"), [] as [&str; 0]);
    for check in
        ["volume", "permissions", "folders", "lock", "database", "integrity", "clock", "publications", "runs"]
    {
        assert!(of("ok").contains(&check), "{check} in {findings:#?}");
    }
    assert!(of("warning").contains(&"alerts"), "nobody is told yet");
    let outcome = sandbox.run(&["doctor", "--lang", "ja"]).expect(0);
    outcome.says("データベースに破損はありません").says("[alert.mail]");
    sandbox.run(&["doctor", "--fast"]).expect(0).says("database").says_not("integrity");
}

#[test]
fn a_hub_before_its_first_command_is_well() {
    let sandbox = Sandbox::new().init();
    check(&sandbox, 0, "database", "warning", "hub/data/renkei.db");
    assert!(!sandbox.path("hub/data/renkei.db").exists(), "the doctor makes nothing");
}

#[test]
fn what_others_may_use_is_a_problem() {
    let sandbox = Sandbox::loaded(30, 1);
    set_mode(&sandbox.path("hub/data/renkei.db"), 0o644);
    check(&sandbox, 1, "permissions", "problem", "data/renkei.db");
    set_mode(&sandbox.path("hub/data/renkei.db"), 0o600);
    set_mode(&sandbox.path("hub/secrets"), 0o755);
    check(&sandbox, 1, "permissions", "problem", "secrets");
    set_mode(&sandbox.path("hub/secrets"), 0o700);
    set_mode(&sandbox.path("hub/share"), 0o777);
    check(&sandbox, 1, "permissions", "problem", "share");
    set_mode(&sandbox.path("hub/share"), 0o755);
    check(&sandbox, 0, "permissions", "ok", "hub");
    set_mode(&sandbox.path("hub/secrets/number.key"), 0o644);
    check(&sandbox, 1, "config", "problem", "hub.toml:");
}

#[test]
fn a_damaged_database_and_a_wrong_key_are_problems() {
    let sandbox = Sandbox::loaded(200, 1);
    let wrong = sandbox.copy();
    let key = wrong.path("hub/secrets/number.key");
    fs::write(&key, "5a".repeat(32)).unwrap();
    check(&wrong, 1, "database", "problem", "renkei.db");
    wrong.run(&["doctor"]).expect(1).says("store.wrong-key").says_not(&"5a".repeat(32));

    let path = sandbox.path("hub/data/renkei.db");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].iter_mut().for_each(|byte| *byte = 0x5a);
    fs::write(&path, bytes).unwrap();
    let findings = findings(&sandbox, 1);
    let corrupt = findings.iter().any(|finding| {
        finding["level"] == "problem" && finding["what"].as_str().unwrap().contains("store.corrupt")
    });
    assert!(corrupt, "{findings:#?}");
}

#[test]
fn a_clock_set_back_and_work_cut_off_are_seen() {
    let sandbox = Sandbox::loaded(30, 1);
    let stop = [("RENKEI_STOP_AT", "publish.data-moved")];
    sandbox.run_with(&stop, &["generate", PLAIN, "--full"]).expect_killed();
    check(&sandbox, 0, "publications", "warning", PLAIN);
    let an_hour_ago = [("RENKEI_NOW", "1790868600")];
    sandbox.run_with(&an_hour_ago, &["doctor"]).expect(1).says("3600 seconds before the last record");
    sandbox.run(&["publications"]).expect(0);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    check(&sandbox, 0, "publications", "ok", "-");
    check(&sandbox, 0, "runs", "warning", "interrupted");
    let next_day = [("RENKEI_NOW", "1790960000")];
    sandbox.run_with(&next_day, &["doctor"]).expect(0).says("no run of the last day failed");
}

#[test]
fn who_writes_is_named() {
    let sandbox = Sandbox::loaded(30, 1);
    let lock = sandbox.path("hub/data/renkei.lock");
    let held = renkei_folder::RootLock::take(&lock, "renkei daemon", "2026-10-02", None).unwrap();
    sandbox.run(&["doctor"]).expect(0).says("(renkei daemon) since 2026-10-02");
    drop(held);
    sandbox.run(&["doctor"]).expect(0).says("nobody is writing");
}

#[test]
fn broken_configuration_is_found_as_a_whole() {
    let sandbox = Sandbox::new().init();
    sandbox.replace("hub/hub.toml", "path = \"share\"", "path = \"../share\"");
    sandbox.replace("hub/jobs/nightly.toml", "content = \"diff\"", "content = \"dif\"");
    assert_eq!(findings(&sandbox, 1).len(), 2);
    check(&sandbox, 1, "config", "problem", "jobs/nightly.toml:5:");
}

#[test]
fn what_partners_come_by_is_looked_at() {
    let sandbox = Sandbox::loaded(30, 1);
    check(&sandbox, 0, "exchange", "ok", "share");
    check(&sandbox, 0, "mendings", "ok", "-");
    // Host keys, in a place of their own.
    sandbox.replace("hub/hub.toml", "# [sftp]", "[sftp]\nhost_keys = \"secrets/other\"");
    check(&sandbox, 1, "host-keys", "problem", "secrets/other");
    fs::create_dir_all(sandbox.path("hub/secrets/other")).unwrap();
    fs::copy(sandbox.path("hub/secrets/ssh/ed25519"), sandbox.path("hub/secrets/other/ed25519")).unwrap();
    check(&sandbox, 0, "host-keys", "ok", "secrets/other");
    set_mode(&sandbox.path("hub/secrets/other/ed25519"), 0o644);
    check(&sandbox, 1, "host-keys", "problem", "secrets/other");
    set_mode(&sandbox.path("hub/secrets/other/ed25519"), 0o600);
    sandbox.write("hub/secrets/other/ed25519", "no key");
    check(&sandbox, 1, "host-keys", "problem", "secrets/other");
    fs::copy(sandbox.path("hub/secrets/ssh/ed25519"), sandbox.path("hub/secrets/other/ed25519")).unwrap();
    // A file where a mailbox would be.
    let mailbox = sandbox.path("hub/share/015/mend");
    fs::create_dir_all(mailbox.parent().unwrap()).unwrap();
    let _ = fs::remove_dir_all(&mailbox);
    fs::write(&mailbox, "x").unwrap();
    check(&sandbox, 1, "exchange", "problem", "015/mend");
}

/// What only the daemon's unit sets is not there where an operator asks.
#[test]
fn a_variable_that_is_not_set_here_is_a_warning() {
    let sandbox = Sandbox::loaded(30, 1);
    let path = sandbox.path("hub/hub.toml");
    let text = fs::read_to_string(&path).unwrap();
    let terms = "kind = \"sftp\"\nhost = \"127.0.0.1\"\nuser = \"x\"\npassword_env = \"RENKEI_TAX_PASSWORD\"";
    fs::write(&path, format!("{text}\n[[destination]]\nid = \"tax\"\nsystem = \"015\"\n{terms}\n")).unwrap();
    check(&sandbox, 0, "secrets", "warning", "$RENKEI_TAX_PASSWORD");
}
