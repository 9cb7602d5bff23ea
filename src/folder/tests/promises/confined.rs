//! Nothing is followed out of the root: neither to read nor to write nor to remove.

use std::os::unix::fs::symlink;
use std::process::Command;

use renkei_core::port::Folders;
use renkei_folder::{LocalFolders, PlainFolder};

use crate::desk::{Desk, code, content, folder, name};

#[test]
fn a_linked_folder_is_outside_and_nothing_is_written_there() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::create_dir(outside.path().join("v1")).unwrap();
    std::fs::write(outside.path().join("v1/secret.csv"), "x").unwrap();
    let desk = Desk::new();
    desk.stage("x.csv", "x");
    std::fs::create_dir(desk.path("002")).unwrap();
    std::fs::write(desk.path("file"), "x").unwrap();
    symlink(outside.path(), desk.path("001")).unwrap();
    symlink(outside.path().join("v1"), desk.path("002/v1")).unwrap();
    symlink("002", desk.path("003")).unwrap();

    for way in ["001/v1", "002/v1", "002/v1/new", "003", "003/new", "file", "file/new"] {
        let way = folder(way);
        let published = desk.folders.publish(&name("s"), &name("x.csv"), &way, &content(b"x"));
        assert_eq!(code(published), "folder.outside", "publish to {way}");
        assert_eq!(code(desk.folders.list(&way)), "folder.outside", "list {way}");
        assert_eq!(code(desk.folders.read(&way, &name("secret.csv"))), "folder.outside", "read {way}");
    }
    let mut left: Vec<_> = std::fs::read_dir(outside.path().join("v1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.extend(std::fs::read_dir(outside.path()).unwrap().map(|entry| entry.unwrap().file_name()));
    assert_eq!(left, ["secret.csv", "v1"]);
    assert!(desk.path(".stage/s/x.csv").exists());
    assert_eq!(std::fs::read_dir(desk.path("002")).unwrap().count(), 1);
}

#[test]
fn only_plain_files_are_read() {
    let desk = Desk::new();
    std::fs::create_dir_all(desk.path("001/folder")).unwrap();
    std::fs::write(desk.path("secret"), "x").unwrap();
    symlink("../secret", desk.path("001/link")).unwrap();
    let made = Command::new("mkfifo").arg(desk.path("001/pipe")).status().unwrap();
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(desk.path("001/socket")).unwrap();
    let plain = PlainFolder::open(&desk.path("001")).unwrap();
    for file in ["folder", "link", "pipe", "socket"] {
        assert_eq!(code(desk.folders.read(&folder("001"), &name(file))), "folder.outside", "{file}");
        assert_eq!(code(plain.read(&name(file))), "folder.outside", "{file}");
    }
    assert_eq!(code(plain.read(&name("none"))), "folder.missing");
    assert_eq!(code(PlainFolder::open(&desk.path("none"))), "folder.missing");
    assert_eq!(code(PlainFolder::open(&desk.path("secret"))), "folder.outside");
}

#[test]
fn a_link_on_the_stage_is_removed_and_what_it_names_is_not() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("kept"), "x").unwrap();
    let desk = Desk::new();
    desk.folders.begin_stage(&name("s")).unwrap();
    symlink(outside.path(), desk.path(".stage/s/folder-link")).unwrap();
    symlink(outside.path().join("kept"), desk.path(".stage/s/x.csv")).unwrap();
    assert_eq!(code(desk.folders.read_staged(&name("s"), &name("x.csv"))), "folder.outside");
    assert_eq!(code(desk.publish("x.csv", "x")), "folder.outside");
    desk.stage("x.csv", "new");
    assert_eq!(std::fs::read_to_string(outside.path().join("kept")).unwrap(), "x");
    desk.folders.discard_stage(&name("s")).unwrap();

    symlink(outside.path(), desk.path(".stage/s")).unwrap();
    assert_eq!(code(desk.folders.create(&name("s"), &name("x.csv"))), "folder.outside");
    assert_eq!(desk.folders.stages().unwrap(), []);
    desk.folders.begin_stage(&name("s")).unwrap();
    desk.stage("x.csv", "x");
    let left: Vec<_> =
        std::fs::read_dir(outside.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["kept"]);
}

#[test]
fn a_root_is_a_folder_with_folders_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let open = |below: &str| code(LocalFolders::open(&dir.path().join(below)));
    std::fs::write(dir.path().join("file"), "x").unwrap();
    std::fs::create_dir(dir.path().join("root")).unwrap();
    symlink("root", dir.path().join("way")).unwrap();
    assert_eq!(open("none"), "folder.missing");
    assert_eq!(open("file"), "folder.outside");
    assert_eq!(open("way"), "ok", "the way to the root is the operator's");
    assert_eq!(open("root"), "ok", "once more");
    for own in [".stage", ".quarantine", ".archive"] {
        assert!(dir.path().join("root").join(own).is_dir(), "{own}");
    }

    std::fs::create_dir(dir.path().join("tricked")).unwrap();
    symlink("../root", dir.path().join("tricked/.stage")).unwrap();
    assert_eq!(open("tricked"), "folder.outside");
}
