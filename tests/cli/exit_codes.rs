//! Exit codes: one for each kind of outcome, as `renkei explain exit-codes` tells.

use crate::sandbox::{PLAIN, Sandbox};

#[test]
fn each_outcome_ends_with_its_code() {
    let sandbox = Sandbox::loaded(30, 1);
    let table = sandbox.run(&["explain", "exit-codes", "--json"]).expect(0).json();
    let codes: Vec<i64> =
        table.as_array().unwrap().iter().map(|line| line["exit"].as_i64().unwrap()).collect();
    assert_eq!(codes, [0, 1, 2, 10, 11, 12, 70]);

    // 0: done.
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    sandbox.run(&["--version"]).expect(0);
    sandbox.run(&["--help"]).expect(0);
    // 1: done, and what was examined has issues.
    let copy = sandbox.copy();
    let notice = copy.notices(PLAIN).remove(0);
    let data = crate::sandbox::files::data_files(&notice).remove(0);
    crate::sandbox::files::edit(&data, |bytes| bytes.truncate(100));
    copy.run(&["verify", notice.to_str().unwrap()]).expect(1);
    copy.replace("hub/hub.toml", "[naming]", "[name]");
    copy.run(&["check"]).expect(1);
    // 2: the command line is wrong.
    sandbox.run(&[]).expect(2);
    sandbox.run(&["frobnicate"]).expect(2);
    sandbox.run(&["generate", PLAIN, "--ful"]).expect(2).says("--full");
    sandbox.run(&["generate", "nothing", "--full"]).expect(2);
    sandbox.run(&["explain", "nothing"]).expect(2);
    // 10: a person must look.
    copy.run(&["feeds"]).expect_fault(10, "config.invalid");
    sandbox.run(&["load", "town/residents.csv"]).expect_fault(10, "store.not-empty");
    sandbox.run(&["verify", "missing.done"]).expect_fault(10, "engine.input");
    // 11: the sender must correct the file.
    sandbox.write("moves.csv", "atena_no,ido_jiyu\r\n1,xx\r\n");
    sandbox.run(&["apply", "moves.csv"]).expect_fault(11, "engine.refused");
    // 12: busy, try again. See `writers`, which need a second process; here a lock that is held.
    let lock = sandbox.path("hub/data/renkei.lock");
    let held = renkei_folder::RootLock::take(&lock, "another", "now", None).unwrap();
    sandbox.generate(&[PLAIN], &["--full"]).expect_fault(12, "folder.locked").says("(another) since now");
    drop(held);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
}

#[test]
fn output_that_cannot_be_written_is_no_success() {
    let sandbox = Sandbox::loaded(30, 1);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = sandbox.command(&["commits"]);
    command.stdout(full).stderr(std::process::Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    sandbox.outcome(&command, &output).expect_fault(10, "hub.output");
}

#[test]
fn a_reader_that_goes_away_is_no_fault_of_the_programs() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["explain", "--list"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let outcome = sandbox.outcome(&command, &output);
    outcome.require(outcome.status.code() != Some(70), "no panic");
    outcome.says_not("panicked");
}
