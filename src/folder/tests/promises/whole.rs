//! Promise 1, whole or absent; and what is on a stage, in a folder and in a listing.

use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use renkei_core::port::Folders;
use renkei_folder::PlainFolder;

use crate::desk::{Desk, code, content, folder, name, write_staged};

#[test]
fn no_file_is_seen_before_it_is_complete() {
    const FILES: usize = 50;
    let desk = Desk::new();
    desk.folders.begin_stage(&name("s")).unwrap();
    let target = desk.path("001/v1");
    std::fs::create_dir_all(&target).unwrap();
    let body = vec![b'x'; 300_000];
    let is_over = AtomicBool::new(false);

    let sizes_seen = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut sizes = Vec::new();
            loop {
                let is_last = is_over.load(Ordering::Acquire);
                for entry in std::fs::read_dir(&target).unwrap() {
                    sizes.push(entry.unwrap().metadata().unwrap().len());
                }
                if is_last {
                    return sizes;
                }
            }
        });
        for number in 0..FILES {
            let file = format!("{number:04}.csv");
            let mut staged = desk.folders.create(&name("s"), &name(&file)).unwrap();
            for part in body.chunks(30_000) {
                staged.write_all(part).unwrap();
            }
            staged.finish().unwrap();
            desk.folders.publish(&name("s"), &name(&file), &folder("001/v1"), &content(&body)).unwrap();
        }
        is_over.store(true, Ordering::Release);
        watcher.join().unwrap()
    });

    assert!(sizes_seen.len() >= FILES, "the watcher saw {} entries", sizes_seen.len());
    assert!(sizes_seen.iter().all(|&size| size == 300_000));
    assert_eq!(desk.folders.list(&folder("001/v1")).unwrap().len(), FILES);
}

#[test]
fn what_is_written_is_what_is_read() {
    let desk = Desk::new();
    desk.folders.begin_stage(&name("s")).unwrap();
    let check = |n_bytes: usize, n_at_once: usize| {
        let bytes: Vec<u8> = (0..n_bytes).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let file = format!("{n_bytes}-{n_at_once}.bin");
        let mut staged = desk.folders.create(&name("s"), &name(&file)).unwrap();
        for part in bytes.chunks(n_at_once) {
            staged.write_all(part).unwrap();
        }
        staged.finish().unwrap();
        let mut found = Vec::new();
        desk.folders.read_staged(&name("s"), &name(&file)).unwrap().read_to_end(&mut found).unwrap();
        assert!(found == bytes, "{file} on the stage");

        desk.folders.publish(&name("s"), &name(&file), &folder("a/b/c"), &content(&bytes)).unwrap();
        found.clear();
        desk.folders.read(&folder("a/b/c"), &name(&file)).unwrap().read_to_end(&mut found).unwrap();
        assert!(found == bytes, "{file} in its folder");
        found.clear();
        let copied = PlainFolder::open(&desk.path("a/b/c")).unwrap();
        copied.read(&name(&file)).unwrap().read_to_end(&mut found).unwrap();
        assert!(found == bytes, "{file} in a plain folder");
    };
    check(0, 1);
    check(10, 3);
    check(1 << 20, 1 << 20);
    check((1 << 20) + 1, 1 << 19);
    check(3 << 20, (2 << 20) + 7);
}

#[test]
fn modes_are_those_of_the_documentation() {
    let desk = Desk::new();
    desk.stage("x.csv", "x");
    desk.publish("x.csv", "x").unwrap();
    let mode = |path: &str| desk.path(path).metadata().unwrap().permissions().mode() & 0o7777;
    let check = |path: &str, widest: u32| {
        // The umask of whoever runs this may take bits away, and must not add any.
        assert_eq!(mode(path) & !widest, 0, "{path}: {:o}", mode(path));
        assert_eq!(mode(path) & 0o600, 0o600, "{path}: {:o}", mode(path));
    };
    for path in [".stage", ".quarantine", ".archive", ".stage/s"] {
        check(path, 0o700);
    }
    check("001", 0o750);
    check("001/v1", 0o750);
    check("001/v1/x.csv", 0o640);
}

#[test]
fn a_stage_begins_empty_and_ends_without_trace() {
    let desk = Desk::new();
    desk.stage("left.csv", "left by a run that was cut off");
    std::fs::create_dir_all(desk.path(".stage/s/deep/deeper")).unwrap();
    std::fs::write(desk.path(".stage/s/deep/deeper/.hidden"), "x").unwrap();
    desk.folders.begin_stage(&name("other")).unwrap();
    std::fs::write(desk.path(".stage/not-a-stage"), "x").unwrap();
    assert_eq!(desk.folders.stages().unwrap(), [name("other"), name("s")]);

    desk.folders.begin_stage(&name("s")).unwrap();
    assert_eq!(std::fs::read_dir(desk.path(".stage/s")).unwrap().count(), 0);
    desk.folders.discard_stage(&name("s")).unwrap();
    desk.folders.discard_stage(&name("s")).unwrap();
    assert_eq!(desk.folders.stages().unwrap(), [name("other")]);
}

#[test]
fn a_file_dropped_unfinished_is_no_publication() {
    let desk = Desk::new();
    desk.folders.begin_stage(&name("s")).unwrap();
    let mut staged = desk.folders.create(&name("s"), &name("x.csv")).unwrap();
    staged.write_all(b"half").unwrap();
    drop(staged);
    assert_eq!(code(desk.publish("x.csv", "half and half")), "folder.staged-file-lost");
    assert!(!desk.path("001/v1/x.csv").exists());

    write_staged(&desk.folders, "x.csv", b"half and half").unwrap();
    assert_eq!(code(desk.publish("x.csv", "half and half")), "ok");
}

#[test]
fn a_listing_holds_plain_files_in_order_and_nothing_else() {
    let desk = Desk::new();
    assert_eq!(desk.folders.list(&folder("001/v1")).unwrap(), []);
    for file in ["b.csv", "a.csv", "宛名.csv"] {
        desk.stage(file, file);
        desk.publish(file, file).unwrap();
    }
    std::fs::create_dir(desk.path("001/v1/folder")).unwrap();
    std::fs::write(desk.path("001/v1/.part"), "x").unwrap();
    std::fs::write(desk.path("001/v1/back\\slash"), "x").unwrap();
    symlink("a.csv", desk.path("001/v1/link.csv")).unwrap();
    let names = desk.folders.list(&folder("001/v1")).unwrap();
    assert_eq!(names, [name("a.csv"), name("b.csv"), name("宛名.csv")]);
    assert_eq!(code(desk.folders.read(&folder("001/v1"), &name("none.csv"))), "folder.missing");
}
