//! Looks at a made-up folder and what they come to.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::*;
use crate::ids::{CommitNo, Sequence, Window};
use crate::notice::{DataFile, FileFormatWords, NoticeError, ReportFile, StateWords};
use crate::port::FileStamp;
use crate::publication::Kind;

/// A full with these data files and lengths, and one report if its name is given.
pub(super) fn notice(sequence: u32, files: &[(&str, u64)], report: Option<(&str, u64)>) -> Notice {
    let last = files.len() - 1;
    let file = |(at, (name, n_bytes)): (usize, &(&str, u64))| DataFile {
        name: name.parse().unwrap(),
        n_rows: 1,
        n_bytes: *n_bytes,
        sha256: Digest([u8::try_from(at).unwrap(); 32]),
        is_last: at == last,
    };
    let n_rows = files.len() as u64;
    Notice {
        format: crate::notice::FORMAT,
        municipality: "082201".to_owned(),
        interface: "001o005".parse().unwrap(),
        branch: "00".parse().unwrap(),
        version: "1.1".parse().unwrap(),
        feed: "001o005-v1.1".parse().unwrap(),
        kind: Kind::Full,
        sequence: Sequence(sequence),
        base_sequence: None,
        commits: Window { after: CommitNo(0), through: CommitNo(4) },
        as_of: None,
        business_date: "2026-10-02".parse().unwrap(),
        created_at: "2026-10-02T01:30:00+09:00".to_owned(),
        file_format: FileFormatWords {
            encoding: "utf-8".to_owned(),
            newline: "crlf".to_owned(),
            quote: "always".to_owned(),
            header: "ja".to_owned(),
        },
        n_columns: 3,
        files: files.iter().enumerate().map(file).collect(),
        reports: report
            .map(|(name, n_bytes)| ReportFile {
                name: name.parse().unwrap(),
                kind: "degraded".to_owned(),
                n_rows: 0,
                n_bytes,
                sha256: Digest([9; 32]),
            })
            .into_iter()
            .collect(),
        n_rows,
        changes: None,
        state_before: None,
        state_after: Some(StateWords { n_rows, digest: Digest([7; 32]) }),
    }
}

pub(super) fn at(seconds: i64) -> Moment {
    Moment::from_unix(1_790_872_200 + seconds).unwrap()
}

struct Made {
    kind: SeenKind,
    text: String,
    stamp: FileStamp,
    changed_at: Option<Moment>,
}

/// A folder, and the pairer that looks at it.
pub(super) struct Folder {
    files: BTreeMap<SeenName, Made>,
    pub(super) pairer: Pairer,
    pub(super) now: i64,
    n_writes: u64,
    /// The notices read, in order.
    pub(super) reads: Vec<String>,
    is_closed: bool,
}

impl Folder {
    pub(super) fn new() -> Self {
        let pairer = Pairer::default();
        Self { files: BTreeMap::new(), pairer, now: 0, n_writes: 0, reads: Vec::new(), is_closed: false }
    }

    /// Puts a new file in the place of what had the name.
    pub(super) fn put(&mut self, name: &str, text: &str) {
        self.put_as(name, text, SeenKind::File, Some(at(self.now)));
    }

    fn put_as(&mut self, name: &str, text: &str, kind: SeenKind, changed_at: Option<Moment>) {
        self.n_writes += 1;
        let stamp =
            FileStamp { n_bytes: text.len() as u64, changed_ns: self.n_writes.into(), inode: self.n_writes };
        let name =
            name.parse().map_or_else(|_| SeenName::Odd(name.escape_debug().to_string()), SeenName::Plain);
        self.files.insert(name, Made { kind, text: text.to_owned(), stamp, changed_at });
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.files.remove(&SeenName::Plain(name.parse().unwrap()));
    }

    fn put_notice(&mut self, name: &str, notice: &Notice) {
        self.put(name, &notice.to_json().unwrap());
    }

    pub(super) fn look(&mut self) -> Pairing {
        let seen = self.files.iter().rev().map(|(name, made)| SeenFile {
            name: name.clone(),
            kind: made.kind,
            stamp: made.stamp,
            changed_at: made.changed_at,
        });
        let (files, reads, is_closed) = (&self.files, &mut self.reads, self.is_closed);
        let mut read = |name: &FileName| {
            reads.push(name.to_string());
            let path = name.to_string();
            if is_closed {
                let source = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
                return Err(FolderError::Denied { path, attempt: "read", source });
            }
            let made = &files[&SeenName::Plain(name.clone())];
            assert_eq!(made.kind, SeenKind::File, "{name}");
            Ok(made.text.as_bytes()[..made.text.len().min(MAX_BYTES + 1)].to_vec())
        };
        self.pairer.look(seen.collect(), &mut read, at(self.now), &Patience::default())
    }

    fn look_after(&mut self, seconds: i64) -> Pairing {
        self.now += seconds;
        self.look()
    }
}

/// A pairing in one line; an exclamation mark for overdue, settled as `=`.
pub(super) fn told(pairing: &Pairing) -> String {
    let mut parts: Vec<String> = Vec::new();
    let late = |is_overdue| if is_overdue { "!" } else { "" };
    for set in &pairing.ready {
        parts.push(format!("ready {}{}", set.notice_name, if set.is_settled { "=" } else { "" }));
    }
    for set in &pairing.waiting {
        let lacks: Vec<String> = set
            .lacks
            .iter()
            .map(|lack| match lack.kind {
                LackKind::Missing => format!("{} missing", lack.name),
                LackKind::OtherLength { found, declared } => format!("{} {found}/{declared}", lack.name),
                LackKind::NoFile(kind) => format!("{} {kind:?}", lack.name),
                LackKind::OfOtherSet => format!("{} of other", lack.name),
            })
            .collect();
        parts.push(format!("waiting {}{}: {}", set.notice_name, late(set.is_overdue), lacks.join(", ")));
    }
    parts.extend(pairing.unreadable.iter().map(|notice| format!("unreadable {}", notice.name)));
    for notice in &pairing.pending {
        let word = match notice.cause {
            PendingCause::Unfinished(_) => "unfinished",
            PendingCause::Unopened { code, .. } => code,
            PendingCause::Deferred => "deferred",
        };
        parts.push(format!("{word} {}{}", notice.name, late(notice.is_overdue)));
    }
    for stray in &pairing.strays {
        let name = match &stray.name {
            SeenName::Plain(name) => name.to_string(),
            SeenName::Odd(text) => format!("[{text}]"),
        };
        let kind = if stray.is_temporary { "temporary" } else { "stray" };
        parts.push(format!("{kind} {name}{}", late(stray.is_overdue)));
    }
    parts.join("; ")
}

#[test]
fn a_set_is_ready_when_every_file_has_its_length() {
    let check = |files: &[(&str, &str)], expect: &str| {
        let mut folder = Folder::new();
        folder.put_notice("n.done", &notice(1, &[("a.csv", 3), ("b.csv", 2)], Some(("r.csv", 1))));
        for (name, text) in files {
            folder.put(name, text);
        }
        assert_eq!(told(&folder.look()), expect, "{files:?}");
        assert_eq!(folder.reads, ["n.done"]);
    };
    let whole = [("a.csv", "123"), ("b.csv", "12"), ("r.csv", "1")];
    check(&whole, "ready n.done");
    check(&whole[..2], "waiting n.done: r.csv missing");
    check(&whole[1..], "waiting n.done: a.csv missing");
    check(&[], "waiting n.done: a.csv missing, b.csv missing, r.csv missing");
    check(&[("a.csv", "12"), whole[1], whole[2]], "waiting n.done: a.csv 2/3");
    check(&[("a.csv", "1234"), whole[1], ("r.csv", "")], "waiting n.done: a.csv 4/3, r.csv 0/1");
    check(
        &[whole[0], whole[1], whole[2], ("c.csv", "x"), (".x", ""), ("y.csv.PART", ""), ("..\n", "")],
        "ready n.done; stray c.csv; temporary y.csv.PART; temporary [..\\n]; temporary [.x]",
    );
}

#[test]
fn what_is_no_file_is_never_read_and_makes_nothing_whole() {
    for kind in [SeenKind::Folder, SeenKind::Link, SeenKind::Other] {
        let mut folder = Folder::new();
        folder.put_as("x.done", "", kind, None);
        folder.put_notice("n.done", &notice(1, &[("a.csv", 0)], None));
        folder.put_as("a.csv", "", kind, None);
        assert_eq!(told(&folder.look()), format!("waiting n.done: a.csv {kind:?}; stray x.done"));
        assert_eq!(folder.reads, ["n.done"]);
    }
}

#[test]
fn a_notice_is_read_once_until_it_is_written_to() {
    let mut folder = Folder::new();
    folder.put("a.csv", "123");
    assert_eq!(told(&folder.look()), "stray a.csv");
    folder.put_notice("n.done", &notice(1, &[("a.csv", 3)], None));
    assert_eq!(told(&folder.look_after(1)), "ready n.done");
    assert_eq!(told(&folder.look_after(8)), "ready n.done");
    assert_eq!(told(&folder.look_after(1)), "ready n.done=");
    assert_eq!(folder.reads.len(), 1);
    // The same name again with other content, and then gone and there again.
    folder.put_notice("n.done", &notice(2, &[("b.csv", 3)], None));
    let pairing = folder.look();
    assert_eq!(told(&pairing), "waiting n.done: b.csv missing; stray a.csv");
    assert_eq!((pairing.waiting[0].sequence, pairing.waiting[0].since), (Sequence(2), at(10)));
    folder.remove("n.done");
    assert_eq!(told(&folder.look()), "stray a.csv");
    folder.put_notice("n.done", &notice(1, &[("a.csv", 3)], None));
    assert_eq!(told(&folder.look()), "ready n.done");
    assert_eq!(folder.reads.len(), 3);
    // A data file that is written to, in its length, is no longer settled.
    folder.put("a.csv", "456");
    assert_eq!(told(&folder.look_after(9)), "ready n.done");
    assert_eq!(told(&folder.look_after(1)), "ready n.done=");
}

#[test]
fn a_notice_that_cannot_be_read_is_wrong_only_when_it_stands_unchanged() {
    let whole = notice(1, &[("a.csv", 3)], None).to_json().unwrap();
    let mut folder = Folder::new();
    for length in [0, 10, 100] {
        folder.put("n.done", &whole[..length]);
        assert_eq!(told(&folder.look_after(9)), "unfinished n.done");
    }
    folder.put("n.done", &whole);
    assert_eq!(told(&folder.look_after(9)), "waiting n.done: a.csv missing");
    folder.put("n.done", &whole[..50]);
    assert_eq!(told(&folder.look_after(9)), "unfinished n.done");
    let pairing = folder.look_after(1);
    assert_eq!(told(&pairing), "unreadable n.done");
    assert_eq!(pairing.unreadable[0].sha256, Digest(sha256(&whole.as_bytes()[..50])));
    assert_eq!(told(&folder.look_after(3600)), "unreadable n.done");
    assert_eq!(folder.reads.len(), 5, "unchanged, it is not read again");
    // One that never stands still is told of at last.
    for _ in 0..3 {
        folder.put("n.done", &whole[..60]);
        assert_eq!(told(&folder.look()), "unfinished n.done!");
    }
}

#[test]
fn a_notice_that_is_too_long_is_never_read_whole() {
    let mut folder = Folder::new();
    folder.put("n.done", &" ".repeat(MAX_BYTES + 7));
    assert_eq!(told(&folder.look()), "unfinished n.done");
    let pairing = folder.look_after(10);
    assert_eq!(pairing.unreadable[0].error, NoticeError::TooLong);
    assert_eq!(pairing.unreadable[0].sha256, Digest(sha256(&vec![b' '; MAX_BYTES + 1])));
}

#[test]
fn a_notice_that_cannot_be_opened_is_tried_at_each_look() {
    let mut folder = Folder::new();
    folder.put_notice("n.done", &notice(1, &[("a.csv", 3)], None));
    folder.put("a.csv", "123");
    folder.is_closed = true;
    assert_eq!(told(&folder.look()), "folder.denied n.done; stray a.csv");
    assert_eq!(told(&folder.look_after(1800)), "folder.denied n.done!; stray a.csv");
    folder.is_closed = false;
    assert_eq!(told(&folder.look()), "ready n.done=");
    assert_eq!(folder.reads.len(), 3);
}

#[test]
fn a_file_that_two_notices_name_goes_to_the_first_whole_set() {
    let mut folder = Folder::new();
    folder.put_notice("a.done", &notice(2, &[("a.csv", 3), ("b.csv", 1)], None));
    folder.put_notice("b.done", &notice(1, &[("a.csv", 3)], None));
    folder.put_notice("c.done", &notice(1, &[("a.csv", 4)], None));
    folder.put("a.csv", "123");
    folder.put("b.csv", "1");
    assert_eq!(
        told(&folder.look()),
        "ready b.done; waiting a.done: a.csv of other; waiting c.done: a.csv 3/4"
    );
    folder.remove("b.done");
    folder.remove("a.csv");
    assert_eq!(told(&folder.look()), "waiting a.done: a.csv missing; waiting c.done: a.csv missing");
}

#[test]
fn sets_come_in_the_order_of_their_numbers() {
    let mut folder = Folder::new();
    for (name, sequence) in [("a.done", 11), ("b.done", 9), ("c.done", 10)] {
        let data = name.replace("done", "csv");
        folder.put_notice(name, &notice(sequence, &[(&data, 1)], None));
        folder.put(&data, "1");
    }
    assert_eq!(told(&folder.look()), "ready b.done; ready c.done; ready a.done");
}

#[test]
fn what_is_not_whole_is_overdue_after_its_time() {
    let (minute, day) = (60, 86_400);
    let check = |waited: i64, expect: &str| {
        let looks = |changed_at: Option<Moment>, looks: &[i64]| {
            let mut folder = Folder::new();
            let text = notice(1, &[("a.csv", 3)], None).to_json().unwrap();
            folder.put_as("n.done", &text, SeenKind::File, changed_at);
            folder.put_as("s.csv", "", SeenKind::File, changed_at);
            let all: Vec<String> = looks.iter().map(|wait| told(&folder.look_after(*wait))).collect();
            all[all.len() - 1].clone()
        };
        // Seen all the time with a time of no use, and looked at once by a process that knows only the file's time.
        for senseless in [None, Some(at(10 * day)), Some(at(waited + minute))] {
            assert_eq!(looks(senseless, &[0, waited]), expect, "{senseless:?} after {waited} s");
        }
        assert_eq!(looks(Some(at(0)), &[waited]), expect, "one look after {waited} s");
    };
    check(0, "waiting n.done: a.csv missing; stray s.csv");
    check(30 * minute - 1, "waiting n.done: a.csv missing; stray s.csv");
    check(30 * minute, "waiting n.done!: a.csv missing; stray s.csv");
    check(day - 1, "waiting n.done!: a.csv missing; stray s.csv");
    check(day, "waiting n.done!: a.csv missing; stray s.csv!");
}

#[test]
fn a_clock_set_back_begins_a_wait_anew_and_never_makes_one_endless() {
    let mut folder = Folder::new();
    folder.put_notice("n.done", &notice(1, &[("a.csv", 3)], None));
    assert!(!folder.look().waiting[0].is_overdue);
    let pairing = folder.look_after(-3600);
    assert_eq!((pairing.waiting[0].since, pairing.waiting[0].is_overdue), (at(-3600), false));
    assert!(folder.look_after(1800).waiting[0].is_overdue);
    // A whole set whose files are of tomorrow, or of no time at all, does settle.
    for (ahead, waits) in [(3600, [false, true]), (100 * 86_400, [true, true])] {
        let mut folder = Folder::new();
        let text = notice(1, &[("a.csv", 3)], None).to_json().unwrap();
        folder.put_as("n.done", &text, SeenKind::File, Some(at(ahead)));
        folder.put_as("a.csv", "123", SeenKind::File, Some(at(ahead)));
        let settled = [0, 10].map(|wait| folder.look_after(wait).ready[0].is_settled);
        assert_eq!(settled, waits, "{ahead} s ahead");
    }
}

#[test]
fn notices_beyond_what_is_held_wait_their_turn() {
    let mut folder = Folder::new();
    let long = notice(1, &[("a.csv", 3)], None).to_json().unwrap();
    let long = format!("{long}{}", " ".repeat(MAX_BYTES - long.len()));
    for number in 0..65 {
        folder.put(&format!("{number:02}.done"), &long);
    }
    folder.put("x.csv", "");
    let pairing = folder.look_after(200_000);
    assert_eq!((pairing.waiting.len(), pairing.pending.len()), (64, 1));
    assert_eq!(pairing.pending[0].cause, PendingCause::Deferred);
    assert!(!pairing.strays[0].is_overdue, "the one not read may name it");
    folder.remove("07.done");
    let pairing = folder.look();
    assert_eq!((pairing.waiting.len(), pairing.pending.len()), (64, 0));
    assert!(pairing.strays[0].is_overdue);
    assert_eq!(folder.reads.len(), 65);
}

#[test]
fn what_went_is_forgotten() {
    let mut folder = Folder::new();
    for number in 0..1000 {
        folder.put(&format!("{number}.csv"), "");
    }
    assert_eq!(folder.look().strays.len(), 1000);
    folder.files.clear();
    assert_eq!(told(&folder.look()), "");
    assert_eq!(folder.pairer.memory.entries().count(), 0);
    // A name that comes again is new.
    folder.now = 86_400;
    folder.put("1.csv", "");
    let pairing = folder.look();
    assert_eq!((pairing.strays[0].since, pairing.strays[0].is_overdue), (at(86_400), false));
    assert_eq!(Patience::default().stray_after, TimeDelta::days(1));
}
