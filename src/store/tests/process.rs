//! What only processes can show: killed in the middle, shut out by another, without rights on the folder.
//!
//! This program starts itself as its children, so it has no test harness: `main` runs the checks in turn.
#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::panic, reason = "a test may end so")]

#[path = "behaviour/town.rs"]
#[expect(dead_code, reason = "the behaviour suite uses the rest")]
mod town;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs, io};

use renkei_core::CommitNo;
use renkei_core::port::{CommitKind, RowSet, Store as _, StoreError};
use renkei_registry::RowKey;
use renkei_store::{NumberKey, OpenOptions, SqliteStore};
use town::{added, code, commit_record, key, latest, load, load_in, moves, scan};

const ROLE: &str = "RENKEI_STORE_CHILD";
/// More than a writer's page cache, so that much of a transaction is on disk before it commits.
const MANY: u64 = 4_000;
const LONG: usize = 16 * 1024;
const NOBODY: u32 = 65_534;

fn main() {
    if let Ok(role) = env::var(ROLE) {
        let path = PathBuf::from(env::args_os().nth(1).unwrap());
        return child(&role, &path);
    }
    let checks: [(&str, fn()); 7] = [
        ("killed in the middle of moves, it leaves the state before", killed_in_moves),
        ("killed in the middle of a load, it leaves nothing", killed_in_load),
        ("killed right after a commit, it leaves all of it", killed_after_commit),
        ("a second process is refused while one writes", refused_while_one_writes),
        ("a killed writer does not keep the next one out", not_kept_out_by_the_dead),
        ("opening it twice does not loosen the hold on it", hold_is_kept),
        ("a folder without rights is unavailable", no_rights),
    ];
    for (name, check) in checks {
        check();
        println!("{name} ... ok");
    }
}

/// What the children do; each says when it is there, then waits to be told or killed.
fn child(role: &str, path: &Path) {
    if role == "open" {
        return println!("{}", code(open(path, Duration::ZERO, false)));
    }
    let store = open(path, Duration::ZERO, true).unwrap();
    let mut transaction = store.begin().unwrap();
    match role {
        "hold" => {}
        "load" => drop(load_in(&mut *transaction, &big_rows()).unwrap()),
        "moves" | "commit" => {
            let changes: Vec<_> = big_rows().into_iter().map(|(key, row)| added(key, row)).collect();
            transaction.change_rows(&changes).unwrap();
            transaction.record_commit(&commit_record(CommitKind::Moves)).unwrap();
        }
        other => panic!("no role {other}"),
    }
    let transaction = if role == "commit" {
        transaction.commit().unwrap();
        None
    } else {
        Some(transaction)
    };
    println!("ready");
    io::stdout().flush().unwrap();
    // Ends when told, or when the parent is gone.
    drop(io::stdin().read(&mut [0]));
    drop(transaction);
}

fn big_rows() -> Vec<(RowKey, Vec<u8>)> {
    let text = "x".repeat(LONG);
    (1..=MANY).map(|number| (key(number + 1, 1, 0), latest(key(number + 1, 1, 0), &text))).collect()
}

fn killed_in_moves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("renkei.db");
    let first = latest(key(1, 1, 0), "first");
    load(&open(&path, Duration::ZERO, true).unwrap(), &[(key(1, 1, 0), first.clone())]).unwrap();
    let mut child = start("moves", &path);
    let wal_bytes = fs::metadata(folder.path().join("renkei.db-wal")).unwrap().len();
    assert!(wal_bytes > 10_000_000, "only {wal_bytes} bytes were written before the kill");
    child.kill().unwrap();
    child.wait().unwrap();
    let store = open(&path, Duration::ZERO, false).unwrap();
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.head().unwrap(), CommitNo(1));
    assert_eq!(scan(&*snapshot, RowSet::History), [first]);
    assert_eq!(snapshot.n_rows(RowSet::History).unwrap(), 1);
    let again: Vec<_> = big_rows().into_iter().take(2).map(|(key, row)| added(key, row)).collect();
    assert_eq!(moves(&store, &again).unwrap(), CommitNo(2), "the writer's place is free");
}

fn killed_in_load() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("renkei.db");
    let mut child = start("load", &path);
    child.kill().unwrap();
    child.wait().unwrap();
    let store = open(&path, Duration::ZERO, false).unwrap();
    assert!(scan(&*store.snapshot().unwrap(), RowSet::History).is_empty());
    assert_eq!(load(&store, &[(key(1, 1, 0), latest(key(1, 1, 0), "a"))]).unwrap(), CommitNo(1));
}

fn killed_after_commit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("renkei.db");
    let mut child = start("commit", &path);
    child.kill().unwrap();
    child.wait().unwrap();
    let store = open(&path, Duration::ZERO, false).unwrap();
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.head().unwrap(), CommitNo(1));
    let rows: Vec<_> = big_rows().into_iter().map(|(_, row)| row).collect();
    assert!(scan(&*snapshot, RowSet::Latest) == rows, "the rows differ");
}

fn refused_while_one_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("renkei.db");
    let mut child = start("hold", &path);
    // Opening and reading go on while another process writes.
    let hasty = open(&path, Duration::ZERO, false).unwrap();
    assert_eq!(hasty.snapshot().unwrap().head().unwrap(), CommitNo(0));
    assert_eq!(code(hasty.begin()), "store.busy");
    let patient = open(&path, Duration::from_mins(1), false).unwrap();
    child.stdin.as_mut().unwrap().write_all(b".").unwrap();
    assert_eq!(code(patient.begin()), "ok");
    assert!(child.wait().unwrap().success());
}

fn not_kept_out_by_the_dead() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("renkei.db");
    let mut child = start("hold", &path);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(code(open(&path, Duration::ZERO, false).unwrap().begin()), "ok");
}

/// A process that closes any handle of a file loses its locks on it; the store must not do so to itself.
fn hold_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("renkei.db");
    let store = open(&path, Duration::ZERO, true).unwrap();
    moves(&store, &[added(key(1, 1, 0), latest(key(1, 1, 0), "a"))]).unwrap();
    let inode = format!(":{}", fs::metadata(&path).unwrap().ino());
    let n_locks = || {
        let locks = fs::read_to_string("/proc/locks").unwrap();
        locks.lines().filter(|line| line.split(' ').any(|word| word.ends_with(&inode))).count()
    };
    assert_eq!(n_locks(), 1, "a store holds its database");
    drop(open(&path, Duration::ZERO, true).unwrap());
    assert_eq!(n_locks(), 1, "after another was opened and closed");
}

/// Rights do not bind root, so root sends somebody they do.
fn no_rights() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("renkei.db");
    load(&open(&path, Duration::ZERO, true).unwrap(), &[]).unwrap();
    let program = folder.path().join("child");
    fs::copy(env::current_exe().unwrap(), &program).unwrap();
    let opened_with = |file_mode: u32, folder_mode: u32| {
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        set(&path, file_mode);
        set(folder.path(), folder_mode);
        let mut command = Command::new(&program);
        command.arg(&path).env(ROLE, "open");
        if rustix::process::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let output = command.output().unwrap();
        set(folder.path(), 0o755);
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    };
    assert_eq!(opened_with(0o444, 0o555), "store.unavailable", "nothing may be written");
    assert_eq!(opened_with(0o666, 0o555), "store.unavailable", "no write-ahead log may be made");
    assert_eq!(opened_with(0o000, 0o777), "store.unavailable", "the file may not be opened");
    assert_eq!(opened_with(0o666, 0o777), "ok");
}

fn open(path: &Path, wait: Duration, create: bool) -> Result<SqliteStore, StoreError> {
    let key = NumberKey::from_hex(&"5a".repeat(32))?;
    SqliteStore::open(path, OpenOptions { wait, key, municipality: "082201".parse().unwrap(), create })
}

/// Starts a child and waits until it is where its role takes it.
fn start(role: &str, path: &Path) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.arg(path).env(ROLE, role).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n", "as {role}");
    child
}
