//! What a backend must do when it fetches, whichever it is.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use renkei_core::delivery::DeliveryError;
use renkei_core::port::PullWay as _;
use renkei_core::pull::{AfterPull, PullFolder, PullLook};
use renkei_core::receive::Most;
use renkei_core::{Class, Fault as _};
use renkei_folder::Landing;
use renkei_sftp::client::{Backend, SftpSource, SftpTerms};

use crate::parcels::{Watcher, names};
use crate::proxy::Proxy;
use crate::sets::{Memory, Set};
use crate::sshd::Sshd;

/// A partner's server, and a place here.
struct Scene {
    server: Sshd,
    proxy: Proxy,
    root: tempfile::TempDir,
    terms: SftpTerms,
    folder: PullFolder,
    memory: Memory,
}

impl Scene {
    fn open(backend: Backend) -> Self {
        let server = Sshd::start();
        let proxy = Proxy::before(server.port);
        let terms = SftpTerms { port: proxy.port, ..server.terms(backend) };
        let folder = PullFolder {
            from: terms.folder.clone(),
            to: "011/inbox".parse().unwrap(),
            after: AfterPull::Leave,
            most: Most::OF_TABLE,
            replaces: false,
            may_be_missing: false,
        };
        let root = tempfile::tempdir().unwrap();
        Self { server, proxy, root, terms, folder, memory: Memory::default() }
    }

    fn pull(&self) -> PullLook {
        self.pull_watched(&Watcher::default())
    }

    fn pull_watched(&self, watcher: &Watcher) -> PullLook {
        SftpSource::new(self.terms.clone(), Landing::at(self.root.path())).pull(
            std::slice::from_ref(&self.folder),
            &self.memory,
            watcher,
        )
    }

    /// One look with nothing wrong about it; how many sets came.
    #[track_caller]
    fn pull_well(&self) -> usize {
        let look = self.pull();
        assert!(look.fault().is_none(), "{look:?}");
        look.pulled.len()
    }

    fn there(&self) -> PathBuf {
        self.server.inbox()
    }

    fn here(&self) -> PathBuf {
        self.root.path().join("011/inbox")
    }

    /// Makes files at the partner's look as if written long ago, so that nothing hangs on the same second.
    fn age(&self, set: &Set, days: u64) {
        for (name, _) in set.all() {
            age(&self.there().join(name), days);
        }
    }
}

fn age(path: &Path, days: u64) {
    let at = SystemTime::now() - Duration::from_hours(24 * days);
    fs::File::options().append(true).open(path).unwrap().set_modified(at).unwrap();
}

#[track_caller]
fn failed(look: &PullLook) -> (&'static str, Class) {
    let error = look.fault().unwrap_or_else(|| panic!("nothing failed: {look:?}"));
    (error.code(), error.class())
}

pub(crate) fn a_set_is_fetched_whole_and_once(backend: Backend) {
    let scene = Scene::open(backend);
    let sets = [
        Set::new("a", &[0, 1, 32_768, 32_769, 3_000_000], 1),
        Set::new("b", &[65_536], 2),
        Set::new("c", &[10], 3),
    ];
    for set in &sets {
        set.put(&scene.there());
    }
    let look = scene.pull();
    assert!(look.fault().is_none(), "{look:?}");
    let mut came: Vec<(String, u64)> =
        look.pulled.iter().map(|set| (set.notice.to_string(), set.n_files)).collect();
    came.sort();
    assert_eq!(came, [("a.done".to_owned(), 6), ("b.done".to_owned(), 2), ("c.done".to_owned(), 2)]);
    assert_eq!(look.n_bytes, 3_131_084);
    for set in &sets {
        set.assert_in(&scene.here());
    }
    assert_eq!(names(&scene.here()), names(&scene.there()));
    // An intake took them away: they do not come again, however often they are written to with the same bytes.
    fs::remove_dir_all(scene.here()).unwrap();
    assert_eq!(scene.pull_well(), 0);
    sets[1].put(&scene.there());
    scene.age(&sets[1], 3);
    assert_eq!(scene.pull_well(), 0);
    assert_eq!(names(&scene.here()), Vec::<String>::new());
}

pub(crate) fn what_changed_is_fetched_again_and_nothing_is_overwritten(backend: Backend) {
    let scene = Scene::open(backend);
    let (old, new) = (Set::new("a", &[1000, 2000], 1), Set::new("a", &[1000, 2000], 2));
    old.put(&scene.there());
    assert_eq!(scene.pull_well(), 1);
    new.put(&scene.there());
    scene.age(&new, 1);
    // The old one is here still.
    let look = scene.pull();
    assert_eq!(failed(&look), ("pull.taken-here", Class::Operator));
    old.assert_in(&scene.here());
    fs::remove_file(scene.here().join("a.done")).unwrap();
    fs::remove_file(scene.here().join("a-001.csv")).unwrap();
    assert_eq!(failed(&scene.pull()), ("pull.taken-here", Class::Operator));
    assert_eq!(fs::read(scene.here().join("a-002.csv")).unwrap(), old.files[1].1);
    assert!(!scene.here().join("a.done").exists());
    fs::remove_file(scene.here().join("a-002.csv")).unwrap();
    assert_eq!(scene.pull_well(), 1);
    new.assert_in(&scene.here());
    // Changed within the same second in which it was fetched, to the same length: the time tells nothing.
    scene.memory.set_ahead(0);
    let newer = Set::new("a", &[1000, 2000], 3);
    newer.put(&scene.there());
    fs::remove_dir_all(scene.here()).unwrap();
    assert_eq!(scene.pull_well(), 1);
    let newest = Set::new("a", &[1000, 2000], 4);
    let at = fs::metadata(scene.there().join("a.done")).unwrap().modified().unwrap();
    newest.put(&scene.there());
    let file = fs::File::options().append(true).open(scene.there().join("a.done")).unwrap();
    file.set_modified(at).unwrap();
    fs::remove_dir_all(scene.here()).unwrap();
    assert_eq!(scene.pull_well(), 1);
    newest.assert_in(&scene.here());
}

pub(crate) fn a_mirror_follows_what_changed(backend: Backend) {
    let mut scene = Scene::open(backend);
    scene.folder.replaces = true;
    let (old, new) = (Set::new("a", &[1000, 2000], 1), Set::new("a", &[1000, 500_000], 2));
    old.put(&scene.there());
    assert_eq!(scene.pull_well(), 1);
    new.put(&scene.there());
    scene.age(&new, 1);
    scene.proxy.cut_back_after(200_000);
    assert_eq!(failed(&scene.pull()).1, Class::Retry);
    // No notice tells of what is not there.
    assert!(!scene.here().join("a.done").exists());
    scene.proxy.cut_back_after(u64::MAX);
    assert_eq!(scene.pull_well(), 1);
    new.assert_in(&scene.here());
    assert_eq!(names(&scene.here()).len(), 3);
}

pub(crate) fn a_set_that_is_not_whole_stays(backend: Backend) {
    let scene = Scene::open(backend);
    let set = Set::new("a", &[1000, 2000], 1);
    for (name, bytes) in &set.files {
        fs::write(scene.there().join(name), bytes).unwrap();
    }
    // Without its notice.
    assert_eq!(scene.pull_well(), 0);
    assert_eq!(names(&scene.here()), Vec::<String>::new());
    // With half of it, which is no fault of ours to mend.
    fs::write(scene.there().join("a.done"), &set.notice[..set.notice.len() / 2]).unwrap();
    assert_eq!(failed(&scene.pull()), ("pull.notice-unreadable", Class::Partner));
    // With a data file that is still being written, and one that is not there yet.
    fs::write(scene.there().join("a.done"), &set.notice).unwrap();
    fs::write(scene.there().join("a-001.csv"), &set.files[0].1[..999]).unwrap();
    fs::remove_file(scene.there().join("a-002.csv")).unwrap();
    let look = scene.pull();
    assert!(look.fault().is_none() && look.pulled.is_empty(), "{look:?}");
    assert_eq!(look.unfinished.iter().map(|set| set.n_lacking).collect::<Vec<_>>(), [2]);
    assert_eq!(names(&scene.here()), Vec::<String>::new());
    set.put(&scene.there());
    assert_eq!(scene.pull_well(), 1);
    set.assert_in(&scene.here());
}

pub(crate) fn a_cut_fetch_goes_on_where_it_stopped(backend: Backend) {
    let scene = Scene::open(backend);
    let set = Set::new("a", &[6_000_000], 1);
    set.put(&scene.there());
    scene.proxy.cut_back_after(4_000_000);
    assert_eq!(failed(&scene.pull()), ("delivery.cut-off", Class::Retry));
    set.assert_whole_or_absent(&scene.here());
    let left = names(&scene.here());
    assert!(left.len() == 1 && left[0].starts_with(".a-001.csv."), "{left:?}");
    scene.proxy.cut_back_after(u64::MAX);
    let look = scene.pull();
    assert!(look.fault().is_none() && look.n_bytes < 4_000_000, "{look:?}");
    set.assert_in(&scene.here());
    assert_eq!(names(&scene.here()).len(), 2);
}

pub(crate) fn a_part_is_not_trusted(backend: Backend) {
    let scene = Scene::open(backend);
    let set = Set::new("a", &[6_000_000], 1);
    set.put(&scene.there());
    let cut = |n_bytes| {
        scene.proxy.cut_back_after(n_bytes);
        assert_eq!(failed(&scene.pull()).1, Class::Retry);
        scene.proxy.cut_back_after(u64::MAX);
    };
    cut(4_000_000);
    let part = scene.here().join(&names(&scene.here())[0]);
    let mut bytes = fs::read(&part).unwrap();
    assert!(bytes.len() > 300_000, "{}", bytes.len());
    bytes[100_000] ^= 1;
    fs::write(&part, &bytes).unwrap();
    assert_eq!(scene.pull_well(), 1);
    set.assert_in(&scene.here());
    // Written anew there meanwhile: nothing of the part is gone on with, though the notice is the same.
    fs::remove_dir_all(scene.here()).unwrap();
    let other = Set::new("b", &[6_000_000], 2);
    other.put(&scene.there());
    cut(4_000_000);
    scene.age(&other, 1);
    let look = scene.pull();
    assert!(look.fault().is_none() && look.n_bytes == 6_000_000, "{look:?}");
    other.assert_in(&scene.here());
}

pub(crate) fn what_is_cut_anywhere_is_whole_in_the_end(backend: Backend) {
    let scene = Scene::open(backend);
    let sets = [Set::new("a", &[300_000, 10, 700_000, 0], 1), Set::new("b", &[50_000], 2)];
    for set in &sets {
        set.put(&scene.there());
    }
    let mut n_cut = 0;
    for n_bytes in [500, 2_500, 5_000, 10_000, 60_000, 300_000, 500_000, 700_000] {
        scene.proxy.cut_back_after(n_bytes);
        let look = scene.pull();
        for set in &sets {
            set.assert_whole_or_absent(&scene.here());
        }
        let Some(error) = look.fault() else { break };
        assert_eq!(error.class(), Class::Retry, "{error} after {n_bytes}");
        n_cut += 1;
    }
    assert!(n_cut >= 4, "{n_cut}");
    scene.proxy.cut_back_after(u64::MAX);
    scene.pull_well();
    for set in &sets {
        set.assert_in(&scene.here());
    }
    assert_eq!(names(&scene.here()), names(&scene.there()));
    assert_eq!(scene.pull_well(), 0);
}

pub(crate) fn what_is_here_goes_there(backend: Backend) {
    let mut scene = Scene::open(backend);
    let set = Set::new("a", &[1000, 2000], 1);
    set.put(&scene.there());
    fs::write(scene.there().join("other.txt"), "stays").unwrap();
    assert_eq!(scene.pull_well(), 1);
    // Declared afterwards, it holds for what came before too.
    scene.folder.after = AfterPull::Delete;
    assert_eq!(scene.pull_well(), 0);
    assert_eq!(names(&scene.there()), ["other.txt"]);
    let done = scene.there().join("done");
    fs::create_dir(&done).unwrap();
    scene.folder.after = AfterPull::Move(format!("{}/done", scene.folder.from));
    let new = Set::new("a", &[1000, 2000], 2);
    for (set, n_in_all) in [(&set, 3), (&new, 6)] {
        fs::remove_dir_all(scene.here()).unwrap();
        set.put(&scene.there());
        scene.age(set, n_in_all);
        let came = scene.pull_well();
        assert_eq!(names(&scene.there()), ["done", "other.txt"], "{came} came");
        assert_eq!(names(&done).len() as u64, n_in_all, "{:?}", names(&done));
    }
    // What was moved first has its name still.
    set.assert_in(&done);
    new.assert_in(&scene.here());
    scene.folder.after = AfterPull::Move(format!("{}/nowhere", scene.folder.from));
    let third = Set::new("b", &[10], 3);
    third.put(&scene.there());
    assert_eq!(failed(&scene.pull()), ("delivery.refused", Class::Partner));
    third.assert_in(&scene.here());
    third.assert_in(&scene.there());
    // Just written there, it is compared once more before it goes.
    scene.memory.set_ahead(0);
    let fresh = Set::new("c", &[10], 4);
    fresh.put(&scene.there());
    scene.folder.after = AfterPull::Delete;
    assert_eq!(scene.pull_well(), 1);
    assert_eq!(names(&scene.there()), ["done", "other.txt"]);
}

pub(crate) fn what_changed_meanwhile_is_not_cleared_away(backend: Backend) {
    let mut scene = Scene::open(backend);
    let set = Set::new("a", &[1000, 2000], 1);
    set.put(&scene.there());
    scene.age(&set, 2);
    assert_eq!(scene.pull_well(), 1);
    // The partner begins to bring another set under the names.
    let next = Set::new("a", &[1000, 2000], 2);
    fs::write(scene.there().join("a-001.csv"), &next.files[0].1).unwrap();
    scene.folder.after = AfterPull::Delete;
    assert_eq!(scene.pull_well(), 0);
    assert_eq!(names(&scene.there()), ["a-001.csv"]);
}

pub(crate) fn names_are_not_trusted(backend: Backend) {
    let scene = Scene::open(backend);
    let there = scene.there();
    let set = Set::new("a", &[1000], 1);
    set.put(&there);
    let odd: [&[u8]; 6] =
        [b"x\ny.done", b"\xff\xfe.done", b".hidden.done", b"..done", b"a\\b.done", b"\x1b[2J.done"];
    for name in odd {
        fs::write(there.join(OsStr::from_bytes(name)), &set.notice).unwrap();
    }
    fs::create_dir(there.join("folder.done")).unwrap();
    symlink("/etc/passwd", there.join("link.done")).unwrap();
    symlink("a.done", there.join("inner.done")).unwrap();
    assert_eq!(scene.pull_well(), 1);
    assert_eq!(names(&scene.here()), ["a-001.csv", "a.done"]);
    // A set whose file is a link, or a folder, does not come.
    let linked = Set::new("b", &[1000], 2);
    fs::write(there.join("elsewhere"), &linked.files[0].1).unwrap();
    symlink("elsewhere", there.join("b-001.csv")).unwrap();
    fs::write(there.join("b.done"), &linked.notice).unwrap();
    let another = Set::new("c", &[1000], 3);
    another.put(&there);
    let look = scene.pull();
    assert_eq!(failed(&look), ("pull.no-plain-file", Class::Partner));
    // The others do.
    assert_eq!(look.pulled.len(), 1);
    another.assert_in(&scene.here());
    assert!(!scene.here().join("b.done").exists() && !scene.here().join("b-001.csv").exists());
}

pub(crate) fn a_file_that_is_not_what_its_notice_says_does_not_come(backend: Backend) {
    let scene = Scene::open(backend);
    let set = Set::new("a", &[400_000, 2000], 1);
    set.put(&scene.there());
    let mut other = set.files[0].1.clone();
    other[1] ^= 1;
    fs::write(scene.there().join("a-001.csv"), other).unwrap();
    let small = Set::new("b", &[10], 2);
    small.put(&scene.there());
    let look = scene.pull();
    assert_eq!(failed(&look), ("pull.not-as-noticed", Class::Partner));
    assert_eq!(look.pulled.len(), 1);
    assert_eq!(names(&scene.here()), ["a-002.csv", "b-001.csv", "b.done"]);
    set.put(&scene.there());
    assert_eq!(scene.pull_well(), 1);
    set.assert_in(&scene.here());
    let mut scene = scene;
    scene.folder.most = Most { n_rows: 10, n_bytes: 100 };
    Set::new("c", &[101], 3).put(&scene.there());
    assert_eq!(failed(&scene.pull()), ("pull.too-large", Class::Partner));
}

pub(crate) fn a_stop_ends_it(backend: Backend) {
    let scene = Scene::open(backend);
    let set = Set::new("a", &[4_000_000, 10], 1);
    set.put(&scene.there());
    let watcher = Watcher::default();
    *watcher.stop_after.lock().unwrap() = Some(1_000_000);
    let look = scene.pull_watched(&watcher);
    assert!(matches!(look.end, Err(DeliveryError::Stopped)), "{look:?}");
    assert!(watcher.n_bytes.load(Ordering::Relaxed) < 2_500_000);
    set.assert_whole_or_absent(&scene.here());
    assert_eq!(scene.pull_well(), 1);
    set.assert_in(&scene.here());
}

pub(crate) fn the_rate_of_fetching_is_kept(backend: Backend) {
    let mut scene = Scene::open(backend);
    scene.terms.bytes_per_second = Some(1_000_000);
    let set = Set::new("a", &[600_000, 600_000], 1);
    set.put(&scene.there());
    let began = Instant::now();
    assert_eq!(scene.pull_well(), 1);
    assert!(began.elapsed() >= Duration::from_millis(690), "{:?}", began.elapsed());
    set.assert_in(&scene.here());
}

pub(crate) fn a_slow_line_brings_it_too(backend: Backend) {
    let mut scene = Scene::open(backend);
    scene.proxy.slow_to(400_000);
    // It takes longer than an answer may, but answers come all the time.
    scene.terms.timeout = Duration::from_secs(2);
    // The rate is each connection's.
    scene.terms.parallel = if backend == Backend::Ssh2 { 1 } else { 4 };
    let set = Set::new("a", &[400_000, 400_000, 400_000], 1);
    set.put(&scene.there());
    let began = Instant::now();
    assert_eq!(scene.pull_well(), 1);
    assert!(began.elapsed() > scene.terms.timeout, "{:?}", began.elapsed());
    set.assert_in(&scene.here());
}

pub(crate) fn a_host_key_nobody_accepted_gets_nothing(backend: Backend) {
    let mut scene = Scene::open(backend);
    Set::new("a", &[10], 1).put(&scene.there());
    let host_keys = std::mem::take(&mut scene.terms.host_keys);
    assert_eq!(failed(&scene.pull()), ("delivery.host-key-unknown", Class::Operator));
    scene.terms.host_keys = vec![scene.server.fingerprint("other.pub")];
    assert_eq!(failed(&scene.pull()), ("delivery.host-key-changed", Class::Operator));
    assert!(!scene.here().exists());
    scene.terms.host_keys = host_keys;
    assert_eq!(scene.pull_well(), 1);
}

pub(crate) fn a_folder_that_is_not_there(backend: Backend) {
    let mut scene = Scene::open(backend);
    let source = SftpSource::new(scene.terms.clone(), Landing::at(scene.root.path()));
    let met = source.probe(std::slice::from_ref(&scene.folder)).unwrap();
    assert!(met.contains("logged in"), "{met}");
    Set::new("a", &[10], 1).put(&scene.there());
    let nowhere = PullFolder { from: format!("{}/nowhere", scene.folder.from), ..scene.folder.clone() };
    assert_eq!(source.probe(std::slice::from_ref(&nowhere)).unwrap_err().code(), "delivery.refused");
    // It holds no other up.
    let folders = [nowhere.clone(), scene.folder.clone()];
    let look = source.pull(&folders, &scene.memory, &Watcher::default());
    assert_eq!(failed(&look), ("delivery.refused", Class::Partner));
    assert_eq!((look.failed.len(), look.pulled.len()), (1, 1));
    scene.folder = PullFolder { may_be_missing: true, ..nowhere };
    assert_eq!(scene.pull_well(), 0);
}
