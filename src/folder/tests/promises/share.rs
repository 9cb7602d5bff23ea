//! What others put into a folder is seen as what it is, and nothing but a plain file is ever opened.

use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use renkei_core::port::{Folders as _, SeenFile, SeenKind, SeenName, Share};
use renkei_core::receive::{Pairer, Patience, read_notice};
use renkei_core::{FolderPath, Moment};
use renkei_folder::{LocalFolders, ReadOnlyShare};
use rustix::fs::{CWD, FileType, Mode};

use crate::desk::{Desk, code, folder, name};

/// The hub's view of a folder and a receiver's.
fn shares(desk: &Desk) -> [Box<dyn Share>; 2] {
    let hub = LocalFolders::open(&desk.path("")).unwrap();
    [Box::new(hub), Box::new(ReadOnlyShare::at(&desk.path("")))]
}

fn told(seen: &[SeenFile]) -> Vec<(String, SeenKind)> {
    let name = |name: &SeenName| match name {
        SeenName::Plain(name) => name.to_string(),
        SeenName::Odd(text) => format!("[{text}]"),
    };
    seen.iter().map(|file| (name(&file.name), file.kind)).collect()
}

#[test]
fn hostile_entries_are_seen_for_what_they_are_and_never_opened() {
    let desk = Desk::new();
    let dir = desk.path("001/v1");
    fs::create_dir_all(dir.join("folder.done")).unwrap();
    fs::write(dir.join("plain.csv"), "rows").unwrap();
    for odd in [b"a\nb".as_slice(), b".hidden", b"..x", b"\x83\x65.csv", b"back\\slash"] {
        fs::write(dir.join(OsStr::from_bytes(odd)), "").unwrap();
    }
    symlink("/etc/passwd", dir.join("link.csv")).unwrap();
    symlink("nowhere", dir.join("lost.csv")).unwrap();
    symlink(".", dir.join("round")).unwrap();
    let _socket = UnixListener::bind(dir.join("socket.csv")).unwrap();
    rustix::fs::mknodat(CWD, dir.join("pipe.csv"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    for share in shares(&desk) {
        let seen = share.look(&folder("001/v1")).unwrap();
        let expect = [
            ("folder.done", SeenKind::Folder),
            ("link.csv", SeenKind::Link),
            ("lost.csv", SeenKind::Link),
            ("pipe.csv", SeenKind::Other),
            ("plain.csv", SeenKind::File),
            ("round", SeenKind::Link),
            ("socket.csv", SeenKind::Other),
            ("[..x]", SeenKind::File),
            ("[.hidden]", SeenKind::File),
            ("[\\x83e.csv]", SeenKind::File),
            ("[a\\nb]", SeenKind::File),
            ("[back\\\\slash]", SeenKind::File),
        ];
        assert_eq!(told(&seen), expect.map(|(name, kind)| (name.to_owned(), kind)));
        for (file, kind) in expect.iter().take(7) {
            let opened = code(share.open(&folder("001/v1"), &name(file)));
            assert_eq!(opened, if *kind == SeenKind::File { "ok" } else { "folder.outside" }, "{file}");
        }
        assert_eq!(code(share.open(&folder("001/v1"), &name("none.csv"))), "folder.missing");
        assert_eq!(code(share.open(&folder("001/v1/round"), &name("plain.csv"))), "folder.outside");
        assert_eq!(code(share.look(&folder("001/v1/round"))), "folder.outside");
        assert_eq!(share.look(&folder("001/none")).unwrap(), []);
    }
}

#[test]
fn a_file_that_became_a_link_after_the_look_is_not_followed() {
    let desk = Desk::new();
    let dir = desk.path("001/v1");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("x.done"), "{}").unwrap();
    let now = Moment::from_unix(4_000_000_000).unwrap();
    for share in shares(&desk) {
        let look = |pairer: &mut Pairer, path: &FolderPath| {
            let seen = share.look(path).unwrap();
            // Between the look and the opening.
            fs::remove_file(dir.join("x.done")).unwrap();
            symlink("/etc/passwd", dir.join("x.done")).unwrap();
            let mut read = |name: &_| read_notice(&*share, path, name);
            pairer.look(seen, &mut read, now, &Patience::default())
        };
        let pairing = look(&mut Pairer::default(), &folder("001/v1"));
        assert!(format!("{:?}", pairing.pending).contains("folder.outside"), "{pairing:?}");
        fs::remove_file(dir.join("x.done")).unwrap();
        fs::write(dir.join("x.done"), "{}").unwrap();
    }
}

#[test]
fn a_change_changes_the_stamp_and_the_time_is_that_of_coming_here() {
    let desk = Desk::new();
    let path = desk.path("001/v1/x.csv");
    fs::create_dir_all(desk.path("001/v1")).unwrap();
    fs::write(&path, "1").unwrap();
    for share in shares(&desk) {
        let look = || share.look(&folder("001/v1")).unwrap().remove(0);
        let one = look();
        assert_eq!(look(), one);
        // A copy that is given the time of its original came just now.
        let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1000);
        fs::File::options().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();
        assert!(look().changed_at.is_some_and(|at| at >= one.changed_at.unwrap()));
        fs::write(&path, "12").unwrap();
        let two = look();
        assert_ne!(two.stamp, one.stamp);
        fs::rename(&path, desk.path("001/y.csv")).unwrap();
        fs::write(&path, "12").unwrap();
        assert_ne!(look().stamp.inode, two.stamp.inode);
    }
}

#[test]
fn a_share_is_left_as_it_is_and_its_missing_root_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("share");
    let share = ReadOnlyShare::at(&root);
    assert_eq!(code(share.look(&folder("001/v1"))), "folder.missing");
    fs::create_dir(&root).unwrap();
    assert_eq!(share.look(&folder("001/v1")).unwrap(), []);
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0, "nothing was made");
    // Mounted anew, it is seen anew.
    fs::rename(&root, dir.path().join("old")).unwrap();
    fs::create_dir_all(root.join("001/v1")).unwrap();
    fs::write(root.join("001/v1/x.csv"), "rows").unwrap();
    let mut text = String::new();
    share.open(&folder("001/v1"), &name("x.csv")).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!((share.look(&folder("001/v1")).unwrap().len(), text.as_str()), (1, "rows"));
}

#[test]
fn twenty_thousand_files_are_one_pass() {
    let desk = Desk::new();
    let dir = desk.path("001/v1");
    fs::create_dir_all(&dir).unwrap();
    for number in 0..20_000 {
        fs::File::create(dir.join(format!("{number:05}.csv"))).unwrap();
    }
    let started = std::time::Instant::now();
    let seen = desk.folders.look(&folder("001/v1")).unwrap();
    let now = Moment::from_unix(4_000_000_000).unwrap();
    let mut pairer = Pairer::default();
    let pairing = pairer.look(seen, &mut |_| unreachable!(), now, &Patience::default());
    assert_eq!((pairing.strays.len(), pairing.ready.len()), (20_000, 0));
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    println!("{:?}", started.elapsed());
    assert_eq!(desk.folders.list(&folder("001/v1")).unwrap().len(), 20_000);
}
