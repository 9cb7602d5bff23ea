//! What goes wrong at night: a clear fault, nothing lost, all clear after it is put right.

use std::fs;
use std::path::Path;
use std::time::Instant;

use rusqlite::Connection;
use serde_json::Value;

use crate::sandbox::volumes::{fill, make_room, mount, on_a_small_volume};
use crate::sandbox::{PLAIN, Sandbox, files};
use crate::up::{Daemon, PATIENCE, hub, job, run};

/// The open alerts of runs: their fault codes.
fn open_faults(sandbox: &Sandbox) -> Vec<String> {
    let open = run(sandbox, &["alert", "list", "--open", "--json"]).expect(0).json();
    let of_runs = open.as_array().unwrap().iter().filter_map(|alert| {
        let code = alert["alert"]["matter"]["fault_code"].as_str()?;
        Some(code.to_owned())
    });
    of_runs.collect()
}

#[track_caller]
fn until_faults(sandbox: &Sandbox, expected: &[&str]) {
    let started = Instant::now();
    while open_faults(sandbox) != expected {
        assert!(started.elapsed() < PATIENCE, "{:?}, not {expected:?}", open_faults(sandbox));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// A hub whose connection folders are on the volume.
fn hub_on(volume: &Path) -> Sandbox {
    let sandbox = hub();
    let place = volume.to_str().unwrap();
    sandbox.replace("hub/hub.toml", "path = \"share\"", &format!("path = \"{place}\""));
    sandbox
}

fn published(volume: &Path) -> usize {
    let published = files::read_tree(volume, |name| !name.starts_with('.') && name != "filler");
    assert_eq!(files::whole_or_absent(&published, "on the volume"), Vec::<String>::new());
    published.keys().filter(|name| files::ends_with(name, "done")).count()
}

#[test]
fn a_full_disk_is_told_and_cleared() {
    on_a_small_volume("faults::a_full_disk_is_told_and_cleared", |volume| {
        let sandbox = hub_on(volume);
        let daemon = Daemon::start(&sandbox);
        fill(volume, 2);
        run(&sandbox, &["run", "first"]).expect_fault(10, "hub.run-failed").says("folder.full");
        until_faults(&sandbox, &["folder.full"]);
        assert_eq!(published(volume), 0);
        make_room(volume);
        run(&sandbox, &["run", "first"]).expect(0);
        until_faults(&sandbox, &[]);
        assert_eq!(published(volume), 1);
        daemon.stop();
    });
}

#[test]
fn a_read_only_folder_is_told_and_cleared() {
    on_a_small_volume("faults::a_read_only_folder_is_told_and_cleared", |volume| {
        let sandbox = hub_on(volume);
        let daemon = Daemon::start(&sandbox);
        run(&sandbox, &["run", "first"]).expect(0);
        mount(&["-o", "remount,ro", volume.to_str().unwrap()]);
        run(&sandbox, &["run", "first"]).expect_fault(10, "hub.run-failed").says("folder.denied");
        until_faults(&sandbox, &["folder.denied"]);
        mount(&["-o", "remount,rw", volume.to_str().unwrap()]);
        run(&sandbox, &["run", "first"]).expect(0);
        until_faults(&sandbox, &[]);
        assert_eq!(published(volume), 2);
        daemon.stop();
    });
}

#[test]
fn a_locked_database_stops_nothing_for_good() {
    let sandbox = hub();
    let daemon = Daemon::start(&sandbox);
    run(&sandbox, &["hold", "first", "--reason", "until the other is done"]).expect(0);
    run(&sandbox, &["run", "first", "--no-wait"]).expect(0);
    // Another program writes for longer than the scheduler waits.
    let other = Connection::open(sandbox.path("hub/data/renkei.db")).unwrap();
    other
        .execute_batch("BEGIN IMMEDIATE; UPDATE job SET held_by = NULL, held_because = NULL, held_at = NULL")
        .unwrap();
    run(&sandbox, &["hold", "first", "--reason", "x"]).expect_fault(12, "store.busy");
    assert_eq!(sandbox.notices(PLAIN).len(), 0);
    other.execute_batch("COMMIT").unwrap();
    daemon.until("the run", |status| job(status, "first")["run"]["state"] == "succeeded");
    assert_eq!(sandbox.notices(PLAIN).len(), 1);
    daemon.stop();
}

#[test]
fn a_damaged_database_is_refused_and_its_copy_works() {
    let sandbox = hub();
    let database = sandbox.path("hub/data/renkei.db");
    let daemon = Daemon::start(&sandbox);
    run(&sandbox, &["run", "first"]).expect(0);
    daemon.stop();
    let whole = fs::read(&database).unwrap();
    let mut damaged = whole.clone();
    let half = damaged.len() / 2;
    for byte in &mut damaged[4096..half] {
        *byte = 0x5a;
    }
    fs::write(&database, &damaged).unwrap();
    run(&sandbox, &["daemon"]).expect_fault(10, "store.corrupt");
    run(&sandbox, &["run", "first"]).expect_fault(10, "store.corrupt");
    assert_eq!(fs::read(&database).unwrap(), damaged, "nothing is written to what is damaged");
    fs::write(&database, &whole).unwrap();
    let daemon = Daemon::start(&sandbox);
    let board: Value = run(&sandbox, &["run", "first", "--json"]).expect(0).json();
    assert_eq!(board[0]["sequence"], 2);
    daemon.stop();
    assert_eq!(sandbox.notices(PLAIN).len(), 2);
}

/// The alerts' outbox is in the database that is full: this alert goes out past it.
#[test]
fn a_scheduler_that_cannot_work_is_told_past_the_database() {
    on_a_small_volume("faults::a_scheduler_that_cannot_work_is_told_past_the_database", |volume| {
        let sandbox = Sandbox::new().init().town(20, 4);
        let database = format!("{}/renkei.db", volume.to_str().unwrap());
        sandbox.replace("hub/hub.toml", "data/renkei.db", &database);
        let (program, told) = (sandbox.path("tell"), sandbox.path("told"));
        let script = format!("#!/bin/sh\necho \"$1 $2 $3\" >> {}\n", told.display());
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut hub = fs::read_to_string(sandbox.path("hub/hub.toml")).unwrap();
        let more = format!(
            "\n[daemon]\ntick = \"1s\"\n[alert.command]\nprogram = {program:?}\nargs = [\"{{kind}}\", \"{{news}}\", \"{{fault}}\"]\n"
        );
        hub.push_str(&more);
        fs::write(sandbox.path("hub/hub.toml"), hub).unwrap();
        let job = format!(
            "name = \"often\"\npublish = [\"{PLAIN}\"]\ncontent = \"full\"\n[schedule]\nevery = \"1m\"\nbetween = \"00:00-24:00\"\n"
        );
        fs::write(sandbox.path("hub/jobs/often.toml"), job).unwrap();
        sandbox.run(&["check"]).expect(0);
        sandbox.run(&["load", "town/residents.csv"]).expect(0);
        sandbox.run(&["hold", "often", "--reason", "only its slots are wanted"]).expect(0);
        // A minute of the daemon's goes by in a second.
        let anchor = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let clock = format!("{}@{anchor}*60", crate::sandbox::NOW);
        let daemon = Daemon::start_with(&sandbox, &[("RENKEI_CLOCK", &clock)]);
        fill(volume, 0);
        let until = |line: &str| {
            let started = Instant::now();
            loop {
                let said = fs::read_to_string(&told).unwrap_or_default();
                if said.lines().any(|said| said == line) {
                    return said;
                }
                assert!(started.elapsed() < PATIENCE, "{line:?} was not told: {said:?}");
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        };
        until("scheduler-stopped opened store.full");
        make_room(volume);
        let said = until("scheduler-stopped cleared store.full");
        let n_told = said.lines().filter(|said| said.starts_with("scheduler-stopped opened")).count();
        assert_eq!(n_told, 1, "{said}");
        daemon.stop();
    });
}
