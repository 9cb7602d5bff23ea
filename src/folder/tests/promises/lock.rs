//! The root lock between processes.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use renkei_core::port::FolderError;
use renkei_folder::RootLock;

use crate::desk::{again, code};

const SINCE: &str = "2026-10-02T01:30:00+09:00";
const LOCK: &str = "RENKEI_FOLDER_TEST_LOCK";
const HELD: &str = "the lock is held";

/// Not a test by itself: the other process, which holds the lock until it is killed or its input ends.
#[test]
fn the_other_process() {
    let Some(path) = std::env::var_os(LOCK) else { return };
    let _lock = RootLock::take(Path::new(&path), "renkei generate v1", SINCE, None).unwrap();
    println!("\n{HELD}");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// Starts the other process and waits until it has the lock. Its output must stay open while it runs.
fn other_process(path: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = again("lock::the_other_process")
        .env(LOCK, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let is_held = output.by_ref().lines().any(|line| line.unwrap() == HELD);
    assert!(is_held, "the other process never had the lock");
    (child, output)
}

fn take(path: &Path, wait: Option<Duration>) -> Result<RootLock, FolderError> {
    RootLock::take(path, "renkei apply", "2026-10-02T01:31:00+09:00", wait)
}

#[test]
fn a_held_lock_names_its_holder_and_ends_with_its_process() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("renkei.lock");
    let (mut child, _output) = other_process(&path);
    let holder = format!("process {} (renkei generate v1) since {SINCE}", child.id());

    let refused = take(&path, None).unwrap_err();
    assert_eq!(refused.to_string(), format!("another process is writing here: {holder}"));
    assert_eq!(RootLock::holder(&path).unwrap().as_deref(), Some(holder.as_str()));

    let started = Instant::now();
    let wait = Duration::from_millis(120);
    assert_eq!(code(take(&path, Some(wait))), "folder.locked");
    assert!(started.elapsed() >= wait);

    child.kill().unwrap();
    child.wait().unwrap();
    assert!(std::fs::read_to_string(&path).unwrap().contains("renkei generate"), "left behind by kill -9");
    assert_eq!(RootLock::holder(&path).unwrap(), None);
    let lock = take(&path, None).unwrap();
    let told = RootLock::holder(&path).unwrap().unwrap();
    assert!(told.starts_with(&format!("process {} (renkei apply)", std::process::id())), "{told}");
    drop(lock);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "");
}

#[test]
fn who_waits_gets_the_lock_when_it_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("renkei.lock");
    let (mut child, _output) = other_process(&path);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| code(take(&path, Some(Duration::from_mins(1)))));
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
        assert_eq!(waiting.join().unwrap(), "ok");
    });
}

#[test]
fn two_locks_in_one_process_exclude_each_other_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("renkei.lock");
    assert_eq!(RootLock::holder(&path).unwrap(), None);
    let first = take(&path, None).unwrap();
    assert_eq!(code(take(&path, None)), "folder.locked");
    drop(first);
    assert_eq!(code(take(&path, None)), "ok");
    assert_eq!(code(take(&dir.path().join("none/renkei.lock"), None)), "folder.missing");
}

#[test]
fn a_lock_file_that_somebody_edited_cannot_steer_a_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("renkei.lock");
    let check = |text: &[u8], holder: &str| {
        let _lock = take(&path, None).unwrap();
        std::fs::write(&path, text).unwrap();
        assert_eq!(RootLock::holder(&path).unwrap().as_deref(), Some(holder));
    };
    check(b"", "a process that has not said who it is");
    check(b"7\nx\n", "a process that has not said who it is");
    check(b"7\n\x1b[2Jrenkei 'a'\nnow\n", "process 7 (\\u{1b}[2Jrenkei 'a') since now");
    check("7\n適用\n\u{202e}now".as_bytes(), "process 7 (適用) since \\u{202e}now");
    check(b"7\n\xff\nnow\n", "process 7 (\u{fffd}) since now");
}
