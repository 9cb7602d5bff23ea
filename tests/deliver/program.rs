//! By a program: HULFT's send request, with a stand-in that behaves as its manual says and fails as it says.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::hub::{deliver, hub, lines};
use crate::running::{PATIENCE, Running};
use crate::sandbox::files::names;
use crate::sandbox::{CP932, PLAIN, Sandbox, moves};

/// A hub that hands over to a stand-in, and the stand-in's folder.
fn handing_over(more: &str) -> (Sandbox, Sandbox, PathBuf) {
    let (place, folder, terms) = stand_in(more);
    (hub(&terms), place, folder)
}

/// A stand-in in a folder, and the terms of a destination that is handed over by it.
fn stand_in(more: &str) -> (Sandbox, PathBuf, String) {
    let place = Sandbox::new();
    let folder = place.path("hulft");
    fs::create_dir_all(folder.join("received")).unwrap();
    let program = folder.join("utlsend");
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/deliver/utlsend"), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.join("registered"), "TAX01\nTAX01N\nTAX01R\n").unwrap();
    fs::write(folder.join("daemon"), "").unwrap();
    let terms = format!(
        "kind = \"hulft\"\nprogram = \"{}\"\nfile_id = \"TAX01\"\nnotice_file_id = \"TAX01N\"\n\
         env = {{ STAND_IN = \"{}\" }}\nretry = {{ tries = 2 }}\n{more}\n",
        program.display(),
        folder.display(),
    );
    (place, folder, terms)
}

#[test]
fn each_file_is_handed_over_by_its_id_and_the_notice_last() {
    let (sandbox, _place, folder) = handing_over("wait = \"600s\"");
    deliver(&sandbox, &[]).expect(0);
    let log = fs::read_to_string(folder.join("log")).unwrap();
    let ids: Vec<&str> = log.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(ids, ["TAX01", "TAX01N", "TAX01", "TAX01N"]);
    assert!(log.lines().all(|line| line.ends_with(" yes 600")), "{log}");
    let received = names(&folder.join("received"));
    assert_eq!(received.len(), 4, "{received:?}");
    for name in received {
        let (_, name) = name.split_once('.').unwrap();
        let ours = fs::read(sandbox.feed_folder(PLAIN).join(name)).unwrap();
        assert!(received_bytes(&folder, name) == ours, "{name}");
    }
}

fn received_bytes(folder: &std::path::Path, name: &str) -> Vec<u8> {
    let id = if crate::sandbox::files::ends_with(name, "done") { "TAX01N" } else { "TAX01" };
    fs::read(folder.join("received").join(format!("{id}.{name}"))).unwrap()
}

#[test]
fn each_documented_failure_is_of_its_class() {
    let (sandbox, _place, folder) = handing_over("codes = { \"77\" = \"partner\", \"78\" = \"done\" }");
    let one = format!("{PLAIN}:1");
    let check = |exit, state: &str| {
        let told = deliver(&sandbox, &["--publication", &one, "--json"]).expect(exit).json();
        assert_eq!(told[0]["state"], state, "{told}");
        told[0]["detail"].as_str().unwrap_or_default().to_owned()
    };
    let status = |text: &str| fs::write(folder.join("status"), text).unwrap();
    status("TAX01 4\n");
    assert!(check(12, "due").contains("no answer within -w"));
    status("TAX01 21\n");
    assert!(check(12, "due").contains("the send log says why"));
    status("TAX01 8\n");
    check(10, "stopped");
    status("TAX01 77\n");
    check(11, "stopped");
    // The data is over, the notice is not: it is tried again as a whole.
    status("TAX01N 21\n");
    check(12, "due");
    status("TAX01 78\nTAX01N 78\n");
    check(0, "delivered");
    // What goes away by itself is tried again, also where it was delivered before; else what was delivered stays so.
    status("");
    fs::remove_file(folder.join("daemon")).unwrap();
    assert!(check(12, "due").contains("the send daemon is not up"));
    fs::write(folder.join("daemon"), "").unwrap();
    fs::write(folder.join("registered"), "OTHER\n").unwrap();
    assert!(check(10, "delivered").contains("not registered"));
}

#[test]
fn each_exit_status_of_the_manual_is_of_its_class() {
    let (sandbox, _place, folder) = handing_over("");
    let one = format!("{PLAIN}:1");
    let check = |status: u8, exit, state: &str, words: &str| {
        fs::write(folder.join("status"), format!("TAX01 {status}\n")).unwrap();
        let told = deliver(&sandbox, &["--publication", &one, "--json"]).expect(exit).json();
        let detail = told[0]["detail"].as_str().unwrap();
        assert_eq!(told[0]["state"], state, "{status}");
        assert!(detail.contains(&format!("ended with {status} ")) && detail.contains(words), "{detail}");
    };
    check(1, 10, "stopped", "nothing waits to be sent again");
    check(2, 10, "stopped", "the request could not be issued");
    check(3, 10, "stopped", "the daemon could not be ended");
    check(4, 12, "due", "no answer within -w");
    check(5, 12, "due", "no memory");
    check(6, 10, "stopped", "broadcast with clear");
    check(7, 10, "stopped", "a signal could not be sent");
    check(8, 10, "stopped", "the work folder");
    check(9, 12, "due", "the send daemon is not up");
    check(10, 10, "stopped", "a file cannot be written");
    check(11, 10, "stopped", "not registered");
    check(21, 12, "due", "the send log says why");
    // What the program prints goes nowhere: it may name persons.
    check(22, 10, "stopped", "");
    assert!(!fs::read_to_string(folder.join("log")).unwrap().is_empty());
    assert_eq!(lines(&sandbox)[0].2, "delivery.command");
    let tries = sandbox.run(&["deliveries", "tax", "--attempts", "--json"]).expect(0).json();
    let last = &tries[12];
    let detail = last["detail"].as_str().unwrap();
    assert!(detail.contains("ended with 22 for ") && !detail.contains("stand-in"), "{detail}");
}

/// A destination that is handed over the publications of the feed in CP932.
fn reporting(more: &str) -> (Sandbox, Sandbox, PathBuf) {
    let (place, folder, terms) = stand_in(more);
    let sandbox = Sandbox::loaded(40, 8);
    let names = sandbox.japanese();
    sandbox.write("renaming.csv", &moves::renaming(&[(&names[0], "𠮟田　太郎")]));
    sandbox.run(&["apply", "renaming.csv"]).expect(0);
    let path = sandbox.path("hub/hub.toml");
    let text = fs::read_to_string(&path).unwrap();
    let head = format!("[[destination]]\nid = \"tax\"\nsystem = \"010\"\nfeeds = [\"{CP932}\"]\n");
    fs::write(&path, format!("{text}\n{head}{terms}\n")).unwrap();
    (sandbox, place, folder)
}

#[test]
fn a_report_goes_by_its_own_id_or_not_at_all() {
    let ids = |more: &str| {
        let (sandbox, _place, folder) = reporting(more);
        sandbox.generate(&[CP932], &["--full"]).expect(0);
        deliver(&sandbox, &[]).expect(0);
        let log = fs::read_to_string(folder.join("log")).unwrap();
        log.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(""), ["TAX01", "TAX01N"]);
    assert_eq!(ids("report_file_id = \"TAX01R\""), ["TAX01R", "TAX01", "TAX01N"]);
}

#[test]
fn several_data_files_go_by_one_id_only_where_that_is_declared() {
    let (sandbox, _place, folder) = reporting("");
    sandbox.replace("hub/hub.toml", "layout = \"001o006-1.1\"", "layout = \"001o006-1.1\"\npart_rows = 20");
    sandbox.generate(&[CP932], &["--full"]).expect(0);
    deliver(&sandbox, &[]).expect(10);
    assert_eq!(lines(&sandbox)[0].2, "delivery.several-files");
    assert!(!folder.join("log").exists());
    sandbox.replace("hub/hub.toml", "notice_file_id = ", "multiple_files = true\nnotice_file_id = ");
    deliver(&sandbox, &[]).expect(0);
    let log = fs::read_to_string(folder.join("log")).unwrap();
    assert!(log.lines().filter(|line| line.starts_with("TAX01 ")).count() > 1, "{log}");
}

/// The process id of a stand-in that hangs.
fn hanging(folder: &std::path::Path) -> Option<String> {
    fs::read_to_string(folder.join("pid")).ok().filter(|pid| pid.ends_with('\n'))
}

#[test]
fn a_program_that_outlives_the_hub_keeps_a_second_one_out() {
    let (sandbox, _place, folder) = handing_over("");
    fs::write(folder.join("status"), "TAX01 hang\n").unwrap();
    let mut running = Running::spawn(&sandbox, &["deliver", "tax", "--reason", "x"], &[]);
    running.until("a program that hangs", || hanging(&folder).is_some());
    running.signal("KILL");
    drop(running);
    deliver(&sandbox, &[]).expect_fault(12, "delivery.busy");
    let pid = hanging(&folder).unwrap();
    assert!(Command::new("kill").args(["-9", pid.trim()]).status().unwrap().success());
    fs::write(folder.join("status"), "").unwrap();
    // It is gone a moment later.
    let deadline = Instant::now() + PATIENCE;
    while deliver(&sandbox, &[]).status.code() != Some(0) {
        assert!(Instant::now() < deadline);
    }
    assert_eq!(names(&folder.join("received")).len(), 4);
}

#[test]
fn a_stop_ends_a_program_that_hangs() {
    let (sandbox, _place, folder) = handing_over("");
    fs::write(folder.join("status"), "TAX01 hang\n").unwrap();
    let mut running = Running::start(&sandbox, &[]);
    running.until("a program that hangs", || hanging(&folder).is_some());
    let began = Instant::now();
    assert_eq!(running.stop().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    // Nothing holds the destination any more, and it was no failure.
    assert_eq!(lines(&sandbox)[0], (1, "due".to_owned(), "-".to_owned()));
    fs::write(folder.join("status"), "").unwrap();
    deliver(&sandbox, &[]).expect(0);
}

#[test]
fn a_file_that_is_not_what_was_published_is_not_handed_over() {
    let (sandbox, _place, folder) = handing_over("");
    let data = crate::sandbox::files::data_files(&sandbox.notices(PLAIN)[0])[0].clone();
    crate::sandbox::files::edit(&data, |bytes| bytes[0] ^= 1);
    deliver(&sandbox, &[]).expect(10);
    assert_eq!(lines(&sandbox)[0].2, "delivery.source-changed");
    assert!(!folder.join("log").exists());
}

#[test]
fn a_notice_that_is_not_what_was_published_keeps_its_data_back() {
    let (sandbox, _place, folder) = handing_over("");
    let notice = sandbox.notices(PLAIN)[0].clone();
    crate::sandbox::files::edit(&notice, |bytes| bytes.push(b' '));
    deliver(&sandbox, &[]).expect(10);
    assert_eq!(lines(&sandbox)[0].2, "delivery.source-changed");
    assert!(!folder.join("log").exists());
}

fn n_requests(folder: &std::path::Path) -> usize {
    fs::read_to_string(folder.join("log")).map_or(0, |log| log.lines().count())
}

#[test]
fn what_is_asked_for_while_somebody_is_there_is_on_record_and_may_be_waited_for() {
    let (sandbox, _place, folder) = handing_over("");
    deliver(&sandbox, &[]).expect(0);
    fs::write(folder.join("status"), "TAX01 slow\n").unwrap();
    let asking = |sequence: u32, more: &[&str]| {
        let one = format!("{PLAIN}:{sequence}");
        let line = ["deliver", "tax", "--reason", "x", "--publication", &one];
        Running::spawn(&sandbox, &[&line, more].concat(), &[])
    };
    let mut first = asking(2, &[]);
    first.until("a program that takes its time", || hanging(&folder).is_some());
    let one = format!("{PLAIN}:1");
    let busy = deliver(&sandbox, &["--publication", &one]);
    busy.expect_fault(12, "delivery.busy").says("tax");
    assert_eq!(lines(&sandbox)[0].1, "due");
    let mut second = asking(1, &["--wait=60"]);
    fs::write(folder.join("go"), "").unwrap();
    second.until("both handed over", || n_requests(&folder) == 8 && lines(&sandbox)[0].1 == "delivered");
}

#[test]
fn a_destination_taken_away_is_given_nothing_more_and_its_lines_can_be_closed() {
    let (sandbox, _place, folder) = handing_over("");
    fs::write(folder.join("status"), "TAX01 slow\n").unwrap();
    let mut running = Running::start(&sandbox, &[]);
    running.until("a program that takes its time", || hanging(&folder).is_some());
    let path = sandbox.path("hub/hub.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.split("[[destination]]").next().unwrap()).unwrap();
    running.signal("HUP");
    running.wait_for("the configuration was read anew");
    fs::write(folder.join("go"), "").unwrap();
    running.until("what was under way", || lines(&sandbox)[0].1 == "delivered");
    assert_eq!(running.stop().code(), Some(0));
    assert_eq!(lines(&sandbox)[1].1, "due");
    assert_eq!(n_requests(&folder), 2);
    let give_up = |id: &str, sequence: u32| {
        let one = format!("{PLAIN}:{sequence}");
        sandbox.run(&["deliver", id, "--publication", &one, "--give-up", "--reason", "廃止"])
    };
    give_up("tax", 2).expect(0);
    assert_eq!(lines(&sandbox)[1].1, "given-up");
    give_up("tax", 2).expect_fault(2, "usage.unknown-destination");
    give_up("nobody", 2).expect_fault(2, "usage.unknown-destination");
}

#[test]
fn what_is_given_up_while_another_is_under_way_is_not_given() {
    let (sandbox, _place, folder) = handing_over("");
    fs::write(folder.join("status"), "TAX01 slow\n").unwrap();
    let mut running = Running::spawn(&sandbox, &["deliver", "tax", "--reason", "x"], &[]);
    running.until("a program that takes its time", || hanging(&folder).is_some());
    let second = format!("{PLAIN}:2");
    deliver(&sandbox, &["--publication", &second, "--give-up"]).expect(0);
    fs::write(folder.join("go"), "").unwrap();
    running.until("the first", || lines(&sandbox)[0].1 == "delivered");
    assert_eq!(running.wait(), Some(0));
    assert_eq!(lines(&sandbox)[1].1, "given-up");
    assert_eq!(n_requests(&folder), 2);
}
