//! Whatever happens to watched folders is told in the end, on the real file system. The tests wait on the watcher
//! itself, never for a time to pass.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use renkei_folder::{WatchMode, WatchedFolder, Watcher};
use tempfile::TempDir;

use crate::desk::again;

/// So long that a test that needs the tick fails, and an event comes always before.
const NEVER: Duration = Duration::from_hours(1);
/// Until when something must have been told.
const SOON: Duration = Duration::from_secs(30);

fn watched(paths: &[PathBuf], mode: WatchMode) -> Vec<WatchedFolder> {
    paths.iter().map(|path| WatchedFolder { path: path.clone(), mode }).collect()
}

/// Watches folders below a new root; what is told at the start is taken.
fn started(names: &[&str], every: Duration) -> (TempDir, Vec<PathBuf>, Watcher) {
    // In memory where there is such a volume: some tests make very many files.
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let paths: Vec<PathBuf> = names.iter().map(|name| dir.path().join(name)).collect();
    for path in &paths {
        fs::create_dir_all(path).unwrap();
    }
    let mut watcher = Watcher::new(watched(&paths, WatchMode::Inotify), every);
    assert_eq!(watcher.wait(NEVER), (0..paths.len()).collect(), "all at the start");
    (dir, paths, watcher)
}

/// Waits until all of these were told.
#[track_caller]
fn expect(watcher: &mut Watcher, numbers: &[usize]) {
    let (wanted, started) = (numbers.iter().copied().collect::<BTreeSet<_>>(), Instant::now());
    let mut told = BTreeSet::new();
    while !told.is_superset(&wanted) {
        let left = SOON.checked_sub(started.elapsed());
        told.extend(watcher.wait(left.unwrap_or_else(|| panic!("told of {told:?} only"))));
    }
}

/// Takes what was told of late.
fn quiet(watcher: &mut Watcher) {
    while !watcher.wait(Duration::from_millis(50)).is_empty() {}
}

#[test]
fn a_file_renamed_in_and_one_written_slowly_are_told() {
    let (dir, paths, mut watcher) = started(&["a", "b"], NEVER);
    fs::write(dir.path().join("x.csv"), "rows").unwrap();
    fs::rename(dir.path().join("x.csv"), paths[1].join("x.csv")).unwrap();
    expect(&mut watcher, &[1]);
    quiet(&mut watcher);
    let mut slow = fs::File::create(paths[0].join("y.csv")).unwrap();
    expect(&mut watcher, &[0]);
    for _ in 0..3 {
        quiet(&mut watcher);
        slow.write_all(b"more").unwrap();
        expect(&mut watcher, &[0]);
    }
    quiet(&mut watcher);
    drop(slow);
    expect(&mut watcher, &[0]);
    quiet(&mut watcher);
    // Looking is not told, or one would look for ever.
    assert_eq!(fs::read(paths[1].join("x.csv")).unwrap(), b"rows");
    assert_eq!(fs::read_dir(&paths[0]).unwrap().count(), 1);
    assert_eq!(watcher.wait(Duration::from_millis(100)), BTreeSet::new());
}

#[test]
fn a_folder_made_later_is_told_and_then_watched() {
    let (dir, _, mut watcher) = started(&["a"], NEVER);
    let late = dir.path().join("015/inbox/024z001-00");
    let mut both = Watcher::new(watched(&[dir.path().join("a"), late.clone()], WatchMode::Auto), NEVER);
    assert_eq!(both.wait(NEVER).len(), 2);
    fs::create_dir_all(&late).unwrap();
    fs::write(late.join("x.csv"), "at once").unwrap();
    expect(&mut both, &[1]);
    quiet(&mut both);
    fs::write(late.join("y.csv"), "later").unwrap();
    expect(&mut both, &[1]);
    assert_eq!(both.polled(), BTreeSet::new());
    assert_eq!(watcher.wait(Duration::ZERO), BTreeSet::new(), "the other folder is left in peace");
}

#[test]
fn a_folder_removed_and_made_again_is_watched_again() {
    let (_dir, paths, mut watcher) = started(&["a", "b"], NEVER);
    for round in 0..3 {
        fs::remove_dir_all(&paths[0]).unwrap();
        if round == 1 {
            // Seen to be gone before it comes again; in the other rounds perhaps not.
            expect(&mut watcher, &[0]);
            quiet(&mut watcher);
        }
        fs::create_dir(&paths[0]).unwrap();
        expect(&mut watcher, &[0]);
        quiet(&mut watcher);
        fs::write(paths[0].join("x.csv"), "rows").unwrap();
        expect(&mut watcher, &[0]);
        quiet(&mut watcher);
    }
}

#[test]
fn a_root_moved_away_is_noticed_at_the_next_check() {
    let (dir, paths, mut watcher) = started(&["root/015/inbox"], Duration::from_millis(20));
    let root = dir.path().join("root");
    fs::rename(&root, dir.path().join("old")).unwrap();
    expect(&mut watcher, &[0]);
    fs::create_dir_all(&paths[0]).unwrap();
    expect(&mut watcher, &[0]);
    quiet(&mut watcher);
    fs::write(dir.path().join("old/015/inbox/x.csv"), "elsewhere").unwrap();
    assert_eq!(watcher.wait(Duration::from_millis(100)), BTreeSet::new());
    fs::write(paths[0].join("x.csv"), "here").unwrap();
    expect(&mut watcher, &[0]);
}

#[test]
fn three_hundred_folders_with_a_hundred_files_each_are_all_told() {
    let names: Vec<String> = (0..300).map(|number| format!("{number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (_dir, paths, mut watcher) = started(&names, NEVER);
    for number in 0..100 {
        for path in &paths {
            fs::File::create(path.join(format!("{number}.csv"))).unwrap();
        }
    }
    expect(&mut watcher, &(0..300).collect::<Vec<_>>());
}

#[test]
fn polled_folders_are_due_at_every_tick_and_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let mode = |name: &str, mode| WatchedFolder { path: dir.path().join(name), mode };
    let folders = vec![mode("missing", WatchMode::Poll), mode("other", WatchMode::Auto)];
    let every = Duration::from_millis(30);
    let mut watcher = Watcher::new(folders, every);
    assert_eq!(watcher.wait(NEVER).len(), 2);
    let started = Instant::now();
    for _ in 0..3 {
        assert_eq!(watcher.wait(NEVER), [0].into());
    }
    assert!(started.elapsed() >= every * 2, "{:?}", started.elapsed());
}

#[test]
fn a_wait_ends_in_time_or_when_it_is_woken() {
    let (_dir, _, mut watcher) = started(&["a"], NEVER);
    assert_eq!(watcher.wait(Duration::from_millis(20)), BTreeSet::new());
    let waker = watcher.waker();
    let other = std::thread::spawn(move || waker.wake());
    assert_eq!(watcher.wait(NEVER), BTreeSet::new());
    other.join().unwrap();
    assert_eq!(watcher.wait(Duration::ZERO), BTreeSet::new());
}

#[test]
fn where_there_is_no_room_for_watches_folders_are_polled() {
    const TEST: &str = "watch::where_there_is_no_room_for_watches_folders_are_polled";
    const CHILD: &str = "RENKEI_FOLDER_TEST_WATCHES";
    const SHOWN: &str = "no room was tried";
    if std::env::var_os(CHILD).is_some() {
        let dir = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = (0..10).map(|number| dir.path().join(number.to_string())).collect();
        for path in &paths {
            fs::create_dir(path).unwrap();
        }
        let mut watcher = Watcher::new(watched(&paths, WatchMode::Auto), Duration::from_millis(20));
        assert_eq!(watcher.polled().len(), 6);
        assert_eq!(watcher.wait(NEVER).len(), 10);
        assert_eq!(watcher.wait(NEVER), watcher.polled());
        fs::write(paths[0].join("x.csv"), "rows").unwrap();
        expect(&mut watcher, &[0]);
        println!("\n{SHOWN}");
        return;
    }
    let limited = ["--user", "--map-root-user", "sh", "-ec"];
    let limit = "echo 4 > /proc/sys/user/max_inotify_watches";
    if !Command::new("unshare").args(limited).arg(limit).output().is_ok_and(|tried| tried.status.success()) {
        println!("NOT SHOWN: {TEST} needs a user namespace to have few watches in");
        return;
    }
    let itself = again(TEST);
    let mut command = Command::new("unshare");
    command.args(limited).arg(format!("{limit}; exec \"$0\" \"$@\""));
    let output = command.arg(itself.get_program()).args(itself.get_args()).env(CHILD, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains(SHOWN), "{said}\n{output:?}");
}
