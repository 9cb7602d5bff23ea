//! One writer at a time: a second is refused with the name of the first, or waits; readers go on.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use renkei_folder::RootLock;

use crate::sandbox::files::whole_or_absent;
use crate::sandbox::{PLAIN, Sandbox};

const DEADLINE: Duration = Duration::from_mins(1);

/// Polls until something holds.
fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < DEADLINE, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A writer at work for as long as its input is open: `renkei apply` on a pipe.
struct Busy {
    child: Child,
    input: File,
}

impl Busy {
    fn start(sandbox: &Sandbox) -> Self {
        let pipe = sandbox.path("pipe.csv");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let child = sandbox
            .command(&["apply", "pipe.csv"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Opening waits for the reader.
        let input = OpenOptions::new().write(true).open(&pipe).unwrap();
        let lock = sandbox.path("hub/data/renkei.lock");
        wait_until("the first writer takes the lock", || RootLock::holder(&lock).unwrap().is_some());
        Self { child, input }
    }

    /// Gives it its moves and lets it end.
    fn finish(mut self, moves: &[u8]) {
        self.input.write_all(moves).unwrap();
        drop(self.input);
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
fn a_second_writer_is_refused_with_the_name_of_the_first() {
    let sandbox = Sandbox::loaded(30, 8);
    let files = sandbox.cut_moves(2);
    let busy = Busy::start(&sandbox);
    let pid = busy.child.id();
    for args in
        [["apply", "moves-2.csv"].as_slice(), &["generate", PLAIN, "--full"], &["load", "moves-1.csv"]]
    {
        sandbox
            .run(args)
            .expect_fault(12, "folder.locked")
            .says(&format!("process {pid} (renkei apply) since 2026-10-02T01:30:00+09:00"))
            .says("--wait");
    }
    sandbox.run(&["apply", "moves-2.csv", "--wait=1"]).expect_fault(12, "folder.locked");
    // Readers are not in the way and see what is committed.
    let commits = sandbox.run(&["commits", "--json"]).expect(0).json();
    assert_eq!(commits.as_array().unwrap().len(), 1);
    busy.finish(&std::fs::read(sandbox.path(&files[0])).unwrap());
    sandbox.run(&["apply", "moves-2.csv"]).expect(0);
}

#[test]
fn with_wait_a_second_writer_takes_its_turn() {
    let sandbox = Sandbox::loaded(30, 8);
    let files = sandbox.cut_moves(2);
    let busy = Busy::start(&sandbox);
    let mut command = sandbox.command(&["apply", "moves-2.csv", "--wait=60"]);
    let waiting = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    busy.finish(&std::fs::read(sandbox.path(&files[0])).unwrap());
    sandbox.outcome(&command, &waiting.wait_with_output().unwrap()).expect(0).says("commit 3");
}

#[test]
fn many_writers_at_once_lose_nothing() {
    let sandbox = Sandbox::loaded(100, 1);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    let residents = sandbox.japanese();
    let n_files = 8;
    for (index, part) in residents.chunks(3).take(n_files).enumerate() {
        let names: Vec<(&str, &str)> = part.iter().map(|no| (no.as_str(), "架空　太郎")).collect();
        sandbox.write(&format!("set-{index}.csv"), &crate::sandbox::moves::renaming(&names));
    }
    std::thread::scope(|scope| {
        for index in 0..n_files {
            let sandbox = &sandbox;
            scope.spawn(move || {
                sandbox.run(&["apply", &format!("set-{index}.csv"), "--wait=60"]).expect(0);
                sandbox.run(&["generate", PLAIN, "--diff", "--wait=60"]).expect(0);
            });
        }
    });
    let commits = sandbox.run(&["commits", "--json"]).expect(0).json();
    let commits = commits.as_array().unwrap();
    let numbers: Vec<u64> = commits.iter().rev().map(|c| c["commit_no"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=1 + n_files as u64).collect::<Vec<_>>(), "gapless");
    assert!(commits.iter().take(n_files).all(|commit| commit["n_moves"] == 3));
    // Whatever the order was, the chain of diffs leads to where a fresh full stands.
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    let notices = sandbox.notices(PLAIN);
    assert_eq!(notices.len(), n_files + 2);
    let paths: Vec<&str> = notices.iter().map(|path| path.to_str().unwrap()).collect();
    sandbox.run(&[["verify"].as_slice(), &paths].concat()).expect(0);
    assert_eq!(whole_or_absent(&sandbox.published(), "after all"), Vec::<String>::new());
}
