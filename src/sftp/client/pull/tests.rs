//! Fetching from a server that lies: names no listing should have, folders without an end, lengths that are not kept.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use renkei_core::delivery::DeliveryError;
use renkei_core::port::{DeliveryWatch, PullMemory, StoreError};
use renkei_core::pull::{AfterPull, PullFolder, PullLook, PulledFile, Remembered};
use renkei_core::receive::Most;
use renkei_core::{Digest, Fault as _, FileName, FolderPath, Moment, hash};
use renkei_folder::Landing;

use super::FolderPull;
use crate::client::outgoing::{Outgoing, Under};
use crate::client::remote::{Attributes, Each, EntryKind, Pieces, Remote, Renamed, Seen};
use crate::client::source::NothingToGive;
use crate::client::transport::run;

/// A server that says what a test wants it to.
#[derive(Default)]
struct Liar {
    listed: Vec<Vec<u8>>,
    /// So many more entries follow: numbered notices.
    n_more: u64,
    /// With other numbers at each listing.
    grows: bool,
    /// What stands there: its bytes, and what is said of its length.
    files: BTreeMap<String, (Vec<u8>, u64)>,
    /// Others have their turn in the middle of a file.
    is_slow: bool,
    n_fetched: Cell<usize>,
    n_listed: Cell<usize>,
}

impl Liar {
    fn attributes(n_bytes: u64) -> Attributes {
        Attributes { n_bytes: Some(n_bytes), kind: Some(EntryKind::File), changed_at: Some(1_000) }
    }
}

impl Remote for Liar {
    async fn look(&self, _path: &str, _part: &str) -> Result<Seen, DeliveryError> {
        Err(DeliveryError::Worker)
    }
    async fn length(&self, _path: &str) -> Result<Option<u64>, DeliveryError> {
        Ok(None)
    }
    async fn digest(&self, _: &str, _: u64, _: &Under<'_>) -> Result<Digest, DeliveryError> {
        Err(DeliveryError::Worker)
    }
    async fn told_digest(&self, _path: &str, _n_bytes: u64) -> Result<Option<Digest>, DeliveryError> {
        Ok(None)
    }
    async fn send(&self, _path: &str, _outgoing: &mut Outgoing<'_>) -> Result<(), DeliveryError> {
        Err(DeliveryError::Worker)
    }
    async fn rename(&self, _from: &str, _to: &str) -> Result<Renamed, DeliveryError> {
        Err(DeliveryError::Worker)
    }
    async fn look_at(&self, path: &str) -> Result<Option<Attributes>, DeliveryError> {
        Ok(self.files.get(path).map(|(_, said)| Self::attributes(*said)))
    }
    async fn list(&self, _folder: &str, each: Each<'_>) -> Result<bool, DeliveryError> {
        self.n_listed.set(self.n_listed.get() + 1);
        for name in &self.listed {
            each(name, Self::attributes(1))?;
        }
        for no in 0..self.n_more {
            let no = if self.grows { self.n_listed.get() as u64 * 1_000_000 + no } else { no };
            each(format!("n{no:09}.done").as_bytes(), Self::attributes(1))?;
        }
        Ok(true)
    }
    async fn fetch(
        &self,
        path: &str,
        from: u64,
        to: u64,
        _under: &Under<'_>,
        into: Pieces<'_>,
    ) -> Result<(), DeliveryError> {
        assert!(!path.contains("..") && path.starts_with("out/"), "asked for {path:?}");
        self.n_fetched.set(self.n_fetched.get() + 1);
        let (bytes, _) = self.files.get(path).ok_or(DeliveryError::Worker)?;
        let at = |n: u64| usize::try_from(n).unwrap().min(bytes.len());
        let middle = at(from).midpoint(at(to));
        into(&bytes[at(from)..middle])?;
        if self.is_slow {
            tokio::task::yield_now().await;
        }
        into(&bytes[middle..at(to)])
    }
    async fn remove(&self, _path: &str) -> Result<(), DeliveryError> {
        Err(DeliveryError::Worker)
    }
}

struct Unwatched;

impl DeliveryWatch for Unwatched {
    fn sent(&self, _n_bytes: u64) {}
    fn wants_stop(&self) -> bool {
        false
    }
}

/// Remembers nothing.
struct Forgetful;

impl PullMemory for Forgetful {
    fn recall(&self, _: &str, _: &[FileName]) -> Result<BTreeMap<FileName, Remembered>, StoreError> {
        Ok(BTreeMap::new())
    }
    fn set_of(&self, _: &str, _: &FileName) -> Result<Vec<Remembered>, StoreError> {
        Ok(Vec::new())
    }
    fn remember(&self, _: &str, _: &FileName, _: &[PulledFile], _: bool) -> Result<(), StoreError> {
        Ok(())
    }
    fn is_by_hand(&self) -> bool {
        false
    }
    fn was_judged(&self, _: &FolderPath, _: &Digest) -> Result<bool, StoreError> {
        Ok(false)
    }
}

fn pull(remote: &Liar) -> (PullLook, Result<(), DeliveryError>, Vec<String>) {
    pull_with(remote, &Forgetful)
}

fn pull_with(remote: &Liar, memory: &dyn PullMemory) -> (PullLook, Result<(), DeliveryError>, Vec<String>) {
    let root = tempfile::tempdir().unwrap();
    let folder = PullFolder {
        from: "out".to_owned(),
        to: "011/inbox".parse().unwrap(),
        after: AfterPull::Leave,
        most: Most::OF_TABLE,
        replaces: false,
        may_be_missing: false,
    };
    let into = Landing::at(root.path()).folder(&folder.to).unwrap();
    let under = Under::new(&NothingToGive, &Unwatched, None);
    let pull = FolderPull::new(&folder, into, memory, &under);
    let done = run(async {
        loop {
            pull.list(remote).await?;
            pull.read_notices(remote).await?;
            let several = (0..3).map(|_| pull.fetch_files(remote));
            join_all(several).await.into_iter().fold(Ok(()), Result::and)?;
            assert!(pull.is_read());
            if !pull.has_more() {
                return Ok(());
            }
        }
    });
    let mut names: Vec<String> = std::fs::read_dir(root.path().join("011/inbox"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 1);
    (pull.into_look(), done, names)
}

fn notice(name: &str, bytes: &[u8], n_bytes: u64) -> Vec<u8> {
    let sha256 = Digest(hash::sha256(bytes));
    format!(
        r#"{{"format":1,"municipality":"082201","interface":"011i001","branch":"00","version":"1.0","feed":"f",
            "kind":"full","sequence":1,"base_sequence":null,"commits":{{"after":0,"through":0}},"as_of":null,
            "business_date":"2026-10-02","created_at":"","file_format":{{"encoding":"utf-8","newline":"crlf",
            "quote":"always","header":"ja"}},"n_columns":1,"files":[{{"name":"{name}","n_rows":0,
            "n_bytes":{n_bytes},"sha256":"{sha256}","is_last":true}}],"n_rows":0,"changes":null,
            "state_before":null,"state_after":null}}"#
    )
    .into_bytes()
}

impl Liar {
    /// A set of one file, and what is said of that file's length.
    fn with(name: &str, bytes: &[u8], noticed: u64, said: u64) -> Self {
        let notice = notice(name, bytes, noticed);
        let n_bytes = notice.len() as u64;
        let files =
            [("out/a.done".to_owned(), (notice, n_bytes)), (format!("out/{name}"), (bytes.to_vec(), said))];
        Self { listed: vec![b"a.done".to_vec()], files: files.into(), ..Self::default() }
    }
}

#[test]
fn names_that_lead_elsewhere_are_never_asked_for() {
    let odd: [&[u8]; 10] = [
        b"../a.done",
        b"..",
        b"/etc/x.done",
        b"out/../x.done",
        b"a\0.done",
        b"a\n.done",
        b"\xff.done",
        b"",
        b".done",
        b"a\\..\\b.done",
    ];
    let remote = Liar { listed: odd.iter().map(|name| name.to_vec()).collect(), ..Liar::default() };
    let (look, done, names) = pull(&remote);
    assert!(done.is_ok() && look.fault().is_none(), "{look:?} {done:?}");
    assert_eq!((remote.n_fetched.get(), names.len()), (0, 0));
    // Nor are those that a notice has.
    for name in ["../a.csv", "/etc/passwd", "a\\u0000.csv", "a\\nb.csv", ".a.csv", "b.done"] {
        let (look, done, names) = pull(&Liar::with(name, b"x", 1, 1));
        assert!(done.is_ok() && names.is_empty(), "{name}: {done:?} {names:?}");
        assert_eq!(look.fault().map(renkei_core::Fault::code), Some("pull.notice-unreadable"), "{name}");
    }
}

#[test]
fn a_folder_of_any_length_is_gone_through_with_little_in_hand() {
    // None of them is there when it is asked for; what stands behind them comes all the same.
    let mut remote = Liar { n_more: 10_000, ..Liar::with("z.csv", b"x", 1, 1) };
    let notice = remote.files.remove("out/a.done").unwrap();
    remote.files.insert("out/z.done".to_owned(), notice);
    remote.listed = vec![b"z.done".to_vec()];
    let (look, done, names) = pull(&remote);
    assert!(done.is_ok() && look.failed.is_empty(), "{done:?}");
    assert_eq!((names, remote.n_listed.get()), (vec!["z.csv".to_owned(), "z.done".to_owned()], 3));
    let (_, done, _) = pull(&Liar { n_more: u64::MAX, ..Liar::default() });
    assert_eq!(done.unwrap_err().code(), "delivery.refused");
    // Nor has one in which more stands whenever it is looked into.
    let growing = Liar { n_more: 4_097, grows: true, ..Liar::default() };
    let (_, done, _) = pull(&growing);
    assert_eq!((done.unwrap_err().code(), growing.n_listed.get()), ("delivery.refused", 100));
}

#[test]
fn lengths_are_not_believed() {
    let check = |bytes: &[u8], noticed: u64, said: u64, code: Option<&str>, came: &[&str]| {
        let (look, done, names) = pull(&Liar::with("a.csv", bytes, noticed, said));
        assert!(done.is_ok(), "{done:?}");
        assert_eq!(look.fault().map(renkei_core::Fault::code), code, "{noticed} {said}");
        assert_eq!(names, came, "{noticed} {said}");
    };
    check(b"right", 5, 5, None, &["a.csv", "a.done"]);
    // Longer and shorter than said: the first bytes of it, or all of it, are not what the notice says.
    check(b"longer", 5, 5, Some("pull.not-as-noticed"), &[]);
    check(b"shrt", 5, 5, Some("pull.not-as-noticed"), &[]);
    check(b"", u64::MAX, u64::MAX, Some("pull.too-large"), &[]);
    check(b"", 100 << 30, 100 << 30, Some("pull.not-as-noticed"), &[]);
    // Not whole there, by its own word.
    check(b"right", 5, 4, None, &[]);
}

#[test]
fn reports_count_like_data() {
    let mut remote = Liar::with("a.csv", b"right", 5, 5);
    let (notice, _) = remote.files.get("out/a.done").unwrap();
    let report = format!(
        r#""reports":[{{"name":"a.degraded.csv","kind":"degraded","n_rows":1,"n_bytes":{},"sha256":"{}"}}],"n_rows""#,
        200_u64 << 30,
        Digest([7; 32])
    );
    let notice = String::from_utf8(notice.clone()).unwrap().replacen(
        r#""n_rows":0,"changes""#,
        &format!("{report}:0,\"changes\""),
        1,
    );
    let n_bytes = notice.len() as u64;
    remote.files.insert("out/a.done".to_owned(), (notice.into_bytes(), n_bytes));
    remote.files.insert("out/a.degraded.csv".to_owned(), (Vec::new(), 200 << 30));
    let (look, done, names) = pull(&remote);
    assert!(done.is_ok() && names.is_empty(), "{done:?} {names:?}");
    assert_eq!(look.fault().map(renkei_core::Fault::code), Some("pull.too-large"));
    assert_eq!(remote.n_fetched.get(), 1);
}

#[test]
fn a_file_that_two_notices_name_comes_once_and_for_both() {
    let mut remote = Liar { is_slow: true, ..Liar::with("z.csv", b"a file of theirs", 16, 16) };
    let notice = remote.files.get("out/a.done").unwrap().clone();
    remote.files.insert("out/b.done".to_owned(), notice);
    remote.listed.push(b"b.done".to_vec());
    let (look, done, names) = pull(&remote);
    assert!(done.is_ok() && look.fault().is_none(), "{look:?} {done:?}");
    assert_eq!((names, look.pulled.len()), (["a.done", "b.done", "z.csv"].map(str::to_owned).to_vec(), 2));
    assert_eq!(remote.n_fetched.get(), 3);
}

#[test]
fn a_name_that_is_listed_twice_is_known_both_times() {
    /// Remembers every notice as it is listed.
    struct Knowing;
    impl PullMemory for Knowing {
        fn recall(&self, _: &str, names: &[FileName]) -> Result<BTreeMap<FileName, Remembered>, StoreError> {
            let known = |name: &FileName| Remembered {
                file: PulledFile {
                    name: name.clone(),
                    n_bytes: 1,
                    changed_at: Some(1_000),
                    sha256: Digest([1; 32]),
                },
                notice: name.clone(),
                is_here: true,
                at: Moment::from_unix(2_000).unwrap(),
            };
            Ok(names.iter().map(|name| (name.clone(), known(name))).collect())
        }
        fn set_of(&self, _: &str, _: &FileName) -> Result<Vec<Remembered>, StoreError> {
            Ok(Vec::new())
        }
        fn remember(&self, _: &str, _: &FileName, _: &[PulledFile], _: bool) -> Result<(), StoreError> {
            Ok(())
        }
        fn is_by_hand(&self) -> bool {
            false
        }
        fn was_judged(&self, _: &FolderPath, _: &Digest) -> Result<bool, StoreError> {
            Ok(false)
        }
    }
    let mut remote = Liar::with("a.csv", b"x", 1, 1);
    remote.listed.push(b"a.done".to_vec());
    let (look, done, names) = pull_with(&remote, &Knowing);
    assert!(done.is_ok() && look.fault().is_none() && names.is_empty(), "{look:?} {done:?} {names:?}");
    assert_eq!(remote.n_fetched.get(), 0);
}

/// Remembers what came wrong.
#[derive(Default)]
struct Keeping {
    of: Mutex<BTreeMap<FileName, Remembered>>,
    is_by_hand: AtomicBool,
}

impl PullMemory for Keeping {
    fn recall(&self, _: &str, names: &[FileName]) -> Result<BTreeMap<FileName, Remembered>, StoreError> {
        let of = self.of.lock().unwrap();
        Ok(names.iter().filter_map(|name| Some((name.clone(), of.get(name)?.clone()))).collect())
    }
    fn set_of(&self, _: &str, _: &FileName) -> Result<Vec<Remembered>, StoreError> {
        Ok(Vec::new())
    }
    fn remember(
        &self,
        _: &str,
        notice: &FileName,
        files: &[PulledFile],
        is_here: bool,
    ) -> Result<(), StoreError> {
        for file in files {
            let (notice, at) = (notice.clone(), Moment::from_unix(2_000).unwrap());
            let one = Remembered { file: file.clone(), notice, is_here, at };
            self.of.lock().unwrap().insert(file.name.clone(), one);
        }
        Ok(())
    }
    fn is_by_hand(&self) -> bool {
        self.is_by_hand.load(Ordering::Relaxed)
    }
    fn was_judged(&self, _: &FolderPath, _: &Digest) -> Result<bool, StoreError> {
        Ok(false)
    }
}

#[test]
fn what_came_wrong_is_fetched_again_when_it_changed_or_somebody_asks() {
    let (memory, remote) = (Keeping::default(), Liar::with("a.csv", b"right", 5, 5));
    let mut damaged = Liar::with("a.csv", b"right", 5, 5);
    damaged.files.insert("out/a.csv".to_owned(), (b"wrong".to_vec(), 5));
    let check = |remote: &Liar, n_fetched: usize, code: Option<&str>| {
        remote.n_fetched.set(0);
        let (look, done, names) = pull_with(remote, &memory);
        assert!(done.is_ok(), "{done:?}");
        assert_eq!(look.fault().map(renkei_core::Fault::code), code);
        assert_eq!((remote.n_fetched.get(), names.len()), (n_fetched, if code.is_some() { 0 } else { 2 }));
    };
    let wrong = Some("pull.not-as-noticed");
    // The notice and the file; then the notice alone, and it is told all the same.
    check(&damaged, 2, wrong);
    check(&damaged, 1, wrong);
    memory.is_by_hand.store(true, Ordering::Relaxed);
    check(&damaged, 2, wrong);
    memory.is_by_hand.store(false, Ordering::Relaxed);
    check(&damaged, 1, wrong);
    // With another time there, or another notice, it may be right.
    memory.of.lock().unwrap().values_mut().for_each(|one| one.file.changed_at = Some(999));
    check(&remote, 2, None);
}

#[test]
fn a_notice_without_an_end_is_not_read_to_it() {
    let mut remote = Liar::with("a.csv", b"x", 1, 1);
    remote.files.insert("out/a.done".to_owned(), (vec![b' '; 3 << 20], 10));
    let (look, done, names) = pull(&remote);
    assert!(done.is_ok() && names.is_empty(), "{names:?}");
    assert_eq!(look.fault().map(renkei_core::Fault::code), Some("pull.notice-unreadable"));
}
