//! The hub's folder: found upwards, made, checked; its key.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::sandbox::{PLAIN, Sandbox};

#[test]
fn it_is_found_upwards() {
    let sandbox = Sandbox::new().init();
    let mut below = sandbox.command(&["check"]);
    below.env_remove("RENKEI_HUB").current_dir(sandbox.path("hub/layouts/degrade"));
    sandbox.run_command(&mut below).expect(0).says("No problems");
    let mut outside = sandbox.command(&["check"]);
    outside.env_remove("RENKEI_HUB");
    sandbox.run_command(&mut outside).expect_fault(10, "config.not-found");
    let mut named = sandbox.command(&["check", "--hub", "hub"]);
    named.env_remove("RENKEI_HUB");
    sandbox.run_command(&mut named).expect(0);
    sandbox.run(&["check", "--hub", "elsewhere"]).expect_fault(10, "config.not-found");
}

#[test]
fn it_is_made_in_an_empty_folder_only() {
    let sandbox = Sandbox::new().init();
    sandbox.run(&["init", "hub"]).expect_fault(10, "init.not-empty");
    let kept = fs::read(sandbox.path("hub/secrets/number.key")).unwrap();
    fs::remove_file(sandbox.path("hub/README.txt")).unwrap();
    sandbox.run(&["init", "hub", "--force"]).expect(0);
    assert_eq!(fs::read(sandbox.path("hub/secrets/number.key")).unwrap(), kept);
    assert!(sandbox.path("hub/README.txt").exists());
    sandbox.run(&["init", "other", "--municipality", "082202"]).expect(2).says("082202");
}

#[test]
fn what_is_made_anew_in_a_hub_is_on_record() {
    let sandbox = Sandbox::loaded(30, 1);
    fs::remove_file(sandbox.path("hub/secrets/ssh/ed25519")).unwrap();
    sandbox.run(&["init", "hub", "--force"]).expect(0);
    let lines = sandbox.audit();
    let line = lines.last().unwrap();
    assert_eq!(line.action, "init --force");
    assert!(line.result.starts_with("made host key SHA256:"), "{}", line.result);
    assert_eq!(line.result.matches("SHA256:").count(), 1, "{}", line.result);
    sandbox.run(&["init", "hub", "--force"]).expect(0);
    assert_eq!(sandbox.audit().last().unwrap().result, "made nothing");
}

#[test]
fn reading_before_anything_was_loaded_says_what_comes_first() {
    let sandbox = Sandbox::new().init();
    for command in ["feeds", "publications", "commits", "runs"] {
        sandbox.run(&[command]).expect_fault(10, "hub.no-database").says("renkei load");
    }
}

#[test]
fn a_key_that_others_can_read_is_refused_with_the_remedy() {
    let sandbox = Sandbox::loaded(30, 1);
    let key = sandbox.path("hub/secrets/number.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    sandbox.run(&["check"]).expect(1).says("chmod 600 secrets/number.key");
    sandbox.generate(&[PLAIN], &["--full"]).expect_fault(10, "config.invalid").says("chmod 600");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
}

#[test]
fn a_missing_or_a_wrong_key_is_told_and_not_shown() {
    let sandbox = Sandbox::loaded(30, 1);
    let key = sandbox.path("hub/secrets/number.key");
    let right = fs::read_to_string(&key).unwrap();
    let wrong = "5".repeat(64);
    fs::write(&key, &wrong).unwrap();
    sandbox.generate(&[PLAIN], &["--full"]).expect_fault(10, "store.wrong-key").says_not(&wrong);
    sandbox.run(&["commits"]).expect_fault(10, "store.wrong-key");
    fs::write(&key, &right[1..]).unwrap();
    sandbox.run(&["commits"]).expect_fault(10, "store.no-key").says_not(&right[1..]);
    fs::remove_file(&key).unwrap();
    sandbox.run(&["commits"]).expect_fault(10, "config.invalid").says("store.number_key_file");
    // The key may come from the environment instead.
    sandbox.replace(
        "hub/hub.toml",
        "number_key_file = \"secrets/number.key\"",
        "number_key_env = \"HUB_KEY\"",
    );
    sandbox.run(&["commits"]).expect_fault(10, "store.no-key").says("HUB_KEY");
    sandbox.run_with(&[("HUB_KEY", right.trim())], &["commits"]).expect(0);
}

#[test]
fn another_municipality_does_not_open_the_database() {
    let sandbox = Sandbox::loaded(30, 1);
    sandbox.replace("hub/hub.toml", "municipality = \"082201\"", "municipality = \"011002\"");
    sandbox.run(&["commits"]).expect_fault(10, "store.unavailable").says("082201");
}

#[test]
fn a_damaged_database_is_told() {
    let sandbox = Sandbox::loaded(30, 1);
    fs::write(sandbox.path("hub/data/renkei.db"), "this is no database at all, and it is long enough")
        .unwrap();
    for file in ["renkei.db-wal", "renkei.db-shm"] {
        let _ = fs::remove_file(sandbox.path("hub/data").join(file));
    }
    sandbox.run(&["commits"]).expect_fault(10, "store.corrupt");
    sandbox.generate(&[PLAIN], &["--full"]).expect_fault(10, "store.corrupt");
}
