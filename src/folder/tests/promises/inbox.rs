//! Judged sets go whole to where they belong, from wherever an earlier attempt stopped, and nothing is lost.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use renkei_core::port::{Folders as _, Inbox, IntakeShelf, OwnFolder, Share as _, WhyRefused};
use renkei_core::{FileName, Sequence};
use renkei_folder::{LocalFolders, ReadOnlyShare, ReceiverFolders};

use crate::desk::{Desk, code, folder, name};

const INBOX: &str = "015/inbox/024z001-00";
const SHELF: &str = ".archive/intake/kokuho/024z001-v1-7";
const WHY: WhyRefused<'static> =
    WhyRefused { json: "{\"codes\":[]}\n", text: "取り込めません。\nIt was refused.\n" };

fn names() -> [FileName; 3] {
    ["a.csv", "b.csv", "x.done"].map(name)
}

/// A desk with a whole set in the inbox.
fn desk() -> Desk {
    let desk = Desk::new();
    fs::create_dir_all(desk.path(INBOX)).unwrap();
    put_set(&desk.path(INBOX));
    desk
}

fn put_set(inbox: &Path) {
    for name in names() {
        fs::write(inbox.join(name.as_str()), name.as_str()).unwrap();
    }
}

fn take_away(inbox: &dyn Inbox) -> &'static str {
    let (intake, feed) = ("kokuho".parse().unwrap(), "024z001-v1".parse().unwrap());
    let shelf = IntakeShelf { intake: &intake, feed: &feed, sequence: Sequence(7) };
    code(inbox.take_away(&folder(INBOX), &names(), &shelf))
}

fn refuse(inbox: &dyn Inbox) -> String {
    inbox.refuse_set(&folder(INBOX), &names(), &name("kokuho-7"), &WHY).unwrap()
}

/// The files below a folder of the desk with their texts.
fn below(desk: &Desk, dir: &str) -> BTreeMap<String, String> {
    let prefix = format!("{dir}/");
    let files = desk.tree().into_iter().filter(|(path, _)| !path.ends_with('/'));
    files.filter_map(|(path, text)| Some((path.strip_prefix(&prefix)?.to_owned(), text))).collect()
}

fn texts(expect: &[(&str, &str)]) -> BTreeMap<String, String> {
    expect.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn a_set_is_taken_away_from_wherever_an_earlier_attempt_stopped() {
    for n_moved in 0..=3 {
        let desk = desk();
        fs::create_dir_all(desk.path(SHELF)).unwrap();
        for name in &names()[..n_moved] {
            let (from, to) = (desk.path(INBOX).join(name.as_str()), desk.path(SHELF).join(name.as_str()));
            fs::rename(from, to).unwrap();
        }
        for _ in 0..2 {
            assert_eq!(take_away(&desk.folders), "ok");
            assert_eq!(below(&desk, INBOX), texts(&[]));
            let whole = texts(&[("a.csv", "a.csv"), ("b.csv", "b.csv"), ("x.done", "x.done")]);
            assert_eq!(below(&desk, SHELF), whole, "{n_moved} were moved before");
        }
    }
}

#[test]
fn the_same_names_again_are_kept_beside_the_first() {
    let desk = desk();
    for _ in 0..3 {
        assert_eq!(take_away(&desk.folders), "ok");
        put_set(&desk.path(INBOX));
    }
    let kept = below(&desk, SHELF);
    assert_eq!(kept.len(), 9);
    assert!(kept.contains_key("a.csv") && kept.contains_key("again-2/x.done"), "{kept:?}");
    assert!(kept.contains_key("again-3/b.csv"), "{kept:?}");
    let listed = desk.folders.own_entries(OwnFolder::Archive).unwrap();
    assert_eq!(
        (listed.len(), listed[0].path.as_str(), listed[0].n_files),
        (1, &SHELF[".archive/".len()..], 9)
    );
}

#[test]
fn a_refused_set_lies_in_quarantine_with_its_reasons() {
    for n_moved in 0..=3 {
        let desk = desk();
        let place = ".quarantine/kokuho-7";
        fs::create_dir_all(desk.path(place)).unwrap();
        // Cut off while a reason was being written, or after some of the files.
        fs::write(desk.path(place).join(".under-way"), "half").unwrap();
        for name in &names()[..n_moved] {
            let (from, to) = (desk.path(INBOX).join(name.as_str()), desk.path(place).join(name.as_str()));
            fs::rename(from, to).unwrap();
        }
        for _ in 0..2 {
            assert_eq!(refuse(&desk.folders), place);
            assert_eq!(below(&desk, INBOX), texts(&[]));
            let whole = [
                ("a.csv", "a.csv"),
                ("b.csv", "b.csv"),
                ("reason.json", WHY.json),
                ("reason.txt", WHY.text),
                ("x.done", "x.done"),
            ];
            assert_eq!(below(&desk, place), texts(&whole), "{n_moved} were moved before");
        }
    }
}

#[test]
fn what_a_sender_puts_there_meanwhile_is_not_lost_nor_followed() {
    let desk = desk();
    let inbox = desk.path(INBOX);
    fs::write(inbox.join("reason.json"), "theirs").unwrap();
    fs::remove_file(inbox.join("b.csv")).unwrap();
    symlink("/etc/passwd", inbox.join("b.csv")).unwrap();
    fs::remove_file(inbox.join("x.done")).unwrap();
    fs::create_dir(inbox.join("x.done")).unwrap();
    fs::write(inbox.join("x.done/inner"), "theirs").unwrap();
    let names = ["a.csv", "missing.csv", "b.csv", "reason.json", "x.done"].map(name);
    let refuse = || desk.folders.refuse_set(&folder(INBOX), &names, &name("p"), &WHY).unwrap();
    refuse();
    assert!(desk.path(".quarantine/p/b.csv").is_symlink());
    assert_eq!(fs::read_to_string(desk.path(".quarantine/p/again-2/reason.json")).unwrap(), "theirs");
    assert_eq!(fs::read_to_string(desk.path(".quarantine/p/reason.json")).unwrap(), WHY.json);
    assert_eq!(fs::read_to_string(desk.path(".quarantine/p/x.done/inner")).unwrap(), "theirs");
    // The corrected file comes under the same name before the attempt is repeated.
    fs::write(inbox.join("a.csv"), "corrected").unwrap();
    refuse();
    assert_eq!(fs::read_to_string(desk.path(".quarantine/p/a.csv")).unwrap(), "a.csv");
    assert_eq!(fs::read_to_string(desk.path(".quarantine/p/again-2/a.csv")).unwrap(), "corrected");
    assert_eq!(desk.folders.look(&folder(INBOX)).unwrap(), []);
    // No inbox at all.
    fs::remove_dir_all(desk.path("015")).unwrap();
    refuse();
    assert_eq!(take_away(&desk.folders), "ok");
}

#[test]
fn a_receiver_that_may_not_write_keeps_copies_of_its_own() {
    let desk = desk();
    let before = desk.tree();
    let dir = tempfile::tempdir().unwrap();
    let own = LocalFolders::open(dir.path()).unwrap();
    let receiver = ReceiverFolders::new(ReadOnlyShare::at(&desk.path("")), own);
    let kept = |path: &str| fs::read_to_string(dir.path().join(".quarantine/kokuho-7").join(path)).unwrap();
    for _ in 0..2 {
        assert_eq!(refuse(&receiver), ".quarantine/kokuho-7");
        assert_eq!((kept("a.csv"), kept("b.csv")), ("a.csv".to_owned(), "b.csv".to_owned()));
        assert_eq!((kept("x.done"), kept("reason.txt")), ("x.done".to_owned(), WHY.text.to_owned()));
        assert_eq!(fs::read_dir(dir.path().join(".quarantine/kokuho-7")).unwrap().count(), 5);
    }
    assert_eq!(take_away(&receiver), "ok");
    assert_eq!(desk.tree(), before, "the share is as it was");
    // Refused again with another file: both are kept.
    fs::write(desk.path(INBOX).join("a.csv"), "other").unwrap();
    refuse(&receiver);
    assert_eq!((kept("a.csv"), kept("again-2/a.csv")), ("a.csv".to_owned(), "other".to_owned()));
    receiver.answer(&folder("receipt"), &name("r.json"), b"{}").unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("receipt/r.json")).unwrap(), "{}");
}

#[test]
fn an_answer_is_whole_and_takes_the_place_of_the_one_before() {
    let desk = Desk::new();
    let receipt = desk.path("015/receipt/r.json");
    for text in ["first", "second"] {
        desk.folders.answer(&folder("015/receipt"), &name("r.json"), text.as_bytes()).unwrap();
        assert_eq!(fs::read_to_string(&receipt).unwrap(), text);
        assert_eq!(fs::read_dir(desk.path(".stage")).unwrap().count(), 0);
    }
    // A link in its place is replaced, not followed.
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::remove_file(&receipt).unwrap();
    symlink(outside.path(), &receipt).unwrap();
    desk.folders.answer(&folder("015/receipt"), &name("r.json"), b"third").unwrap();
    assert!(receipt.symlink_metadata().unwrap().is_file());
    assert_eq!(fs::read(outside.path()).unwrap(), b"");
    symlink(outside.path().parent().unwrap(), desk.path("away")).unwrap();
    assert_eq!(code(desk.folders.answer(&folder("away"), &name("r.json"), b"x")), "folder.outside");
}
