//! What is removed goes, and nothing else, whatever lies in its place.

use std::fs;
use std::os::unix::fs::symlink;

use renkei_core::port::{Folders, OwnFolder};

use crate::desk::{Desk, code, folder, is_file, name};

#[test]
fn published_files_go_by_name_and_again_is_the_same() {
    let desk = Desk::new();
    for file in ["x.csv", "x.done", "y.csv"] {
        desk.stage(file, file);
        desk.publish(file, file).unwrap();
    }
    let names = ["x.done", "x.csv", "never.csv"].map(name);
    for _ in 0..2 {
        desk.folders.remove_published(&folder("001/v1"), &names).unwrap();
        assert!(!desk.path("001/v1/x.csv").exists() && !desk.path("001/v1/x.done").exists());
        assert!(is_file(&desk.path("001/v1/y.csv")));
    }
    desk.folders.remove_published(&folder("nowhere"), &names).unwrap();
}

#[test]
fn nothing_but_a_plain_file_below_the_root_is_removed() {
    let desk = Desk::new();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("x.csv"), "theirs").unwrap();
    fs::create_dir_all(desk.path("001/v1/folder.csv")).unwrap();
    symlink(outside.path().join("x.csv"), desk.path("001/v1/link.csv")).unwrap();
    symlink(outside.path(), desk.path("away")).unwrap();
    let remove = |at: &str, file: &str| code(desk.folders.remove_published(&folder(at), &[name(file)]));
    assert_eq!(remove("001/v1", "link.csv"), "folder.outside");
    assert_eq!(remove("001/v1", "folder.csv"), "folder.outside");
    assert_eq!(remove("away", "x.csv"), "folder.outside");
    assert!(desk.path("001/v1/link.csv").is_symlink() && desk.path("001/v1/folder.csv").is_dir());
    // A link planted in the archive goes itself; what it leads to stays.
    symlink(outside.path(), desk.path(".archive/publications")).unwrap();
    assert!(desk.folders.own_entries(OwnFolder::Archive).unwrap().is_empty());
    assert_eq!(
        code(desk.folders.remove_own(OwnFolder::Archive, &folder("publications/x.csv"))),
        "folder.outside"
    );
    desk.folders.remove_own(OwnFolder::Archive, &folder("publications")).unwrap();
    assert!(!desk.path(".archive/publications").is_symlink());
    assert_eq!(fs::read_to_string(outside.path().join("x.csv")).unwrap(), "theirs");
}

#[test]
fn the_hubs_own_is_listed_with_sizes_and_removed_whole() {
    let desk = Desk::new();
    let put = |path: &str, text: &str| {
        let path = desk.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    put(".archive/report.txt", "12345");
    put(".archive/publications/f/7/x.csv", "123");
    put(".archive/publications/f/7/x.done", "1");
    put(".archive/publications/f/8/y.csv", "12");
    put(".archive/other/deep/er/z", "1234");
    put(".quarantine/a/x.csv", "1");
    let list = |own| -> Vec<(String, bool, u64, u64)> {
        let entries = desk.folders.own_entries(own).unwrap();
        assert!(entries.iter().all(|entry| entry.changed_at.is_some()));
        let told = |e: renkei_core::port::OwnEntry| (e.path.to_string(), e.is_folder, e.n_files, e.n_bytes);
        entries.into_iter().map(told).collect()
    };
    let row = |path: &str, is_folder, n_files, n_bytes| (path.to_owned(), is_folder, n_files, n_bytes);
    let whole = [
        row("other", true, 1, 4),
        row("publications/f/7", true, 2, 4),
        row("publications/f/8", true, 1, 2),
        row("report.txt", false, 1, 5),
    ];
    assert_eq!(list(OwnFolder::Archive), whole);
    assert_eq!(list(OwnFolder::Quarantine), [row("a", true, 1, 1)]);
    for _ in 0..2 {
        desk.folders.remove_own(OwnFolder::Archive, &folder("publications/f/7")).unwrap();
        desk.folders.remove_own(OwnFolder::Archive, &folder("report.txt")).unwrap();
        desk.folders.remove_own(OwnFolder::Quarantine, &folder("a")).unwrap();
    }
    desk.folders.remove_own(OwnFolder::Archive, &folder("publications/none/7")).unwrap();
    assert_eq!(list(OwnFolder::Archive), [whole[0].clone(), whole[2].clone()]);
    assert!(list(OwnFolder::Quarantine).is_empty());
}
