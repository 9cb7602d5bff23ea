//! Visitors' steps on a real folder: whole or absent, resumable, confined, with names of any bytes.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::*;

const NEW: Writing = Writing { start: UploadStart::Empty, may_replace: false, may_create: true };
const REPLACING: Writing = Writing { may_replace: true, ..NEW };
const RESUMED: Writing = Writing { start: UploadStart::Standing, ..NEW };

fn path(text: &str) -> VisitPath {
    VisitPath::parse(text.as_bytes()).unwrap()
}

fn root() -> (tempfile::TempDir, VisitedRoot) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("015/inbox")).unwrap();
    let root = VisitedRoot::open(folder.path()).unwrap();
    (folder, root)
}

/// Names in a folder on disk, hidden ones too.
fn on_disk(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn listed(root: &VisitedRoot, text: &str) -> Vec<Vec<u8>> {
    let mut names: Vec<_> = root.list(&path(text)).unwrap().map(|seen| seen.unwrap().name).collect();
    names.sort();
    names
}

fn store(root: &VisitedRoot, at: &VisitPath, writing: Writing, data: &[u8]) -> Result<Stored, VisitError> {
    let mut upload = root.upload("015", at, writing)?;
    upload.write_at(0, data)?;
    upload.finish(Keeping::AS_BEGUN)
}

#[test]
fn a_path_never_leads_above_the_root() {
    let check = |text: &[u8], expect: Option<&[u8]>| {
        let found = VisitPath::parse(text).map(|path| path.to_bytes());
        assert_eq!(found.as_deref(), expect, "{}", text.escape_ascii());
    };
    check(b"", Some(b"/"));
    check(b".", Some(b"/"));
    check(b"/", Some(b"/"));
    check(b"../../etc/passwd", Some(b"/etc/passwd"));
    check(b"/a//b/./c/../d/", Some(b"/a/b/d"));
    check(b"a/../..", Some(b"/"));
    check(b"a\\..\\b", Some(b"/a\\..\\b"));
    check(b"\x83\x5c/x", Some(b"/\x83\x5c/x"));
    check(b"a\0b", None);
}

#[test]
fn an_upload_is_whole_or_absent() {
    let (folder, root) = root();
    let inbox = folder.path().join("015/inbox");
    let at = path("015/inbox/a.csv");
    let mut upload = root.upload("015", &at, NEW).unwrap();
    upload.write_at(0, b"one").unwrap();
    assert_eq!(root.look(&at), Err(VisitError::Missing));
    assert!(listed(&root, "015/inbox").is_empty());
    let hidden = on_disk(&inbox);
    assert_eq!(hidden.len(), 1);
    // By its hidden name it is neither opened, looked at, removed, renamed nor replaced.
    let by_name = path("015/inbox").join(hidden[0].as_bytes());
    assert!(root.read(&by_name).is_err());
    assert_eq!(root.look(&by_name), Err(VisitError::Missing));
    assert_eq!(root.remove(&by_name), Err(VisitError::Missing));
    assert_eq!(root.rename(&by_name, &at, Renaming::Replaces), Err(VisitError::Missing));
    assert_eq!(root.upload("015", &by_name, REPLACING).err(), Some(VisitError::BadName));
    upload.set_times(1_000_000_000, 1_100_000_000);
    let stored = upload.finish(Keeping::AS_BEGUN).unwrap();
    assert_eq!((stored.n_bytes, stored.has_replaced), (3, false));
    assert_eq!(on_disk(&inbox), ["a.csv"]);
    let look = root.look(&at).unwrap();
    assert_eq!((look.n_bytes, look.accessed, look.changed), (3, 1_000_000_000, 1_100_000_000));
}

#[test]
fn a_file_is_replaced_only_where_that_is_allowed() {
    let (folder, root) = root();
    let at = path("015/inbox/a.csv");
    let text = || std::fs::read_to_string(folder.path().join("015/inbox/a.csv")).unwrap();
    store(&root, &at, NEW, b"one").unwrap();
    assert_eq!(store(&root, &at, NEW, b"two"), Err(VisitError::Taken));
    assert_eq!(text(), "one");
    assert!(store(&root, &at, REPLACING, b"two").unwrap().has_replaced);
    assert_eq!(text(), "two");
    // One that appears while another is being written stays, and the later one is gone.
    let other = path("015/inbox/b.csv");
    let mut late = root.upload("015", &other, NEW).unwrap();
    late.write_at(0, b"late").unwrap();
    store(&root, &other, NEW, b"first").unwrap();
    assert_eq!(late.finish(Keeping::AS_BEGUN), Err(VisitError::Taken));
    assert_eq!(std::fs::read_to_string(folder.path().join("015/inbox/b.csv")).unwrap(), "first");
    assert_eq!(on_disk(&folder.path().join("015/inbox")), ["a.csv", "b.csv"]);
    // A right that was taken back while one was being written is not there at its close.
    for (name, keeping, expect) in [
        ("a.csv", Keeping { may_replace: false, may_create: true }, Err(VisitError::Taken)),
        ("a.csv", Keeping { may_replace: false, may_create: false }, Err(VisitError::Taken)),
        ("a.csv", Keeping { may_replace: true, may_create: false }, Ok(true)),
        ("c.csv", Keeping { may_replace: true, may_create: false }, Err(VisitError::Missing)),
        ("c.csv", Keeping { may_replace: false, may_create: true }, Ok(false)),
    ] {
        let mut upload = root.upload("015", &path("015/inbox").join(name.as_bytes()), REPLACING).unwrap();
        upload.write_at(0, b"two").unwrap();
        assert_eq!(upload.finish(keeping).map(|stored| stored.has_replaced), expect, "{name} {keeping:?}");
    }
    root.remove(&path("015/inbox/c.csv")).unwrap();
    assert_eq!(on_disk(&folder.path().join("015/inbox")), ["a.csv", "b.csv"]);
    // Going on at the end of a published file makes a whole new one.
    let writing = Writing { start: UploadStart::Standing, may_replace: true, ..NEW };
    let mut more = root.upload("015", &at, writing).unwrap();
    more.append(b"+3").unwrap();
    assert_eq!(text(), "two");
    more.finish(Keeping::AS_BEGUN).unwrap();
    assert_eq!(text(), "two+3");
}

#[test]
fn what_broke_off_is_kept_for_its_visitor_without_holes() {
    let (folder, root) = root();
    let inbox = folder.path().join("015/inbox");
    let at = path("015/inbox/a.csv");
    let mut upload = root.upload("015", &at, NEW).unwrap();
    upload.write_at(4, b"5678").unwrap();
    upload.write_at(0, b"1234").unwrap();
    upload.write_at(20, b"beyond a hole").unwrap();
    drop(upload);
    assert_eq!(root.look(&at), Err(VisitError::Missing));
    assert!(listed(&root, "015/inbox").is_empty());
    assert_eq!(root.look_at_partial("015", &at).map(|look| look.n_bytes), Ok(8));
    assert_eq!(root.look_at_partial("016", &at), Err(VisitError::Missing));
    assert_eq!(root.look_at_partial("015", &path("015/inbox/b.csv")), Err(VisitError::Missing));
    // Another visitor begins anew and does not touch it.
    let other = root.upload("016", &at, RESUMED).unwrap();
    assert_eq!(other.look().unwrap().n_bytes, 0);
    drop(other);
    let mut upload = root.upload("015", &at, RESUMED).unwrap();
    assert_eq!(upload.look().unwrap().n_bytes, 8);
    upload.write_at(8, b"9").unwrap();
    upload.finish(Keeping::AS_BEGUN).unwrap();
    assert_eq!(std::fs::read_to_string(inbox.join("a.csv")).unwrap(), "123456789");
    assert_eq!(on_disk(&inbox), ["a.csv"]);
}

#[test]
fn nothing_is_kept_of_what_was_to_replace_or_is_empty_or_begins_anew() {
    let (folder, root) = root();
    let inbox = folder.path().join("015/inbox");
    let at = path("015/inbox/a.csv");
    drop(root.upload("015", &at, NEW).unwrap());
    assert!(on_disk(&inbox).is_empty());
    let mut upload = root.upload("015", &at, NEW).unwrap();
    upload.write_at(0, b"old").unwrap();
    drop(upload);
    drop(root.upload("015", &at, NEW).unwrap());
    assert_eq!(root.look_at_partial("015", &at), Err(VisitError::Missing));
    store(&root, &at, NEW, b"one").unwrap();
    let mut upload = root.upload("015", &at, REPLACING).unwrap();
    upload.write_at(0, b"two").unwrap();
    drop(upload);
    assert_eq!(on_disk(&inbox), ["a.csv"]);
    assert_eq!(std::fs::read_to_string(inbox.join("a.csv")).unwrap(), "one");
}

#[test]
fn a_sweep_removes_what_nobody_writes_and_what_waited_too_long() {
    let (folder, root) = root();
    let inbox = folder.path().join("015/inbox");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let now = i64::try_from(now).unwrap();
    // As a killed process leaves it: not being written by anybody.
    std::fs::write(inbox.join(".0123456789abcdef0123456789abcdef.uploading"), "x").unwrap();
    let alive = root.upload("015", &path("015/inbox/alive.csv"), NEW).unwrap();
    let mut broken = root.upload("015", &path("015/inbox/broken.csv"), NEW).unwrap();
    broken.write_at(0, b"x").unwrap();
    drop(broken);
    store(&root, &path("015/inbox/whole.csv"), NEW, b"x").unwrap();
    assert_eq!(root.sweep(now, 3600), Ok(0), "younger than a minute");
    assert_eq!(root.sweep(now + 120, 3600), Ok(1), "the dead one only");
    assert_eq!(root.sweep(now + 120, 3600), Ok(0));
    assert_eq!(root.sweep(now + 4000, 3600), Ok(1), "what was kept");
    alive.finish(Keeping::AS_BEGUN).unwrap();
    assert_eq!(on_disk(&inbox), ["alive.csv", "whole.csv"]);
}

#[test]
fn nothing_is_brought_deeper_than_a_sweep_looks() {
    let (folder, root) = root();
    let mut at = path("015/inbox");
    while at.parts().len() < sweep::MAX_DEPTH {
        at = at.join(b"x");
        root.make_folder(&at).unwrap();
    }
    let deepest = folder.path().join(at.relative());
    assert_eq!(root.make_folder(&at.join(b"x")), Err(VisitError::BadName));
    std::fs::create_dir(deepest.join("x")).unwrap();
    assert_eq!(root.upload("015", &at.join(b"x").join(b"a"), NEW).err(), Some(VisitError::BadName));
    let mut upload = root.upload("015", &at.join(b"a"), NEW).unwrap();
    upload.write_at(0, b"x").unwrap();
    let now = upload.look().unwrap().changed;
    drop(upload);
    assert_eq!(on_disk(&deepest).len(), 2);
    assert_eq!(root.sweep(now + 4000, 3600), Ok(1));
    assert_eq!(on_disk(&deepest), ["x"]);
}

#[test]
fn what_is_gone_on_with_is_swept_by_nobody() {
    let (folder, root) = root();
    let at = path("015/inbox/a.csv");
    let mut upload = root.upload("015", &at, NEW).unwrap();
    upload.write_at(0, b"1234").unwrap();
    drop(upload);
    let kept = on_disk(&folder.path().join("015/inbox")).pop().unwrap();
    let long_ago = rustix::fs::Timespec { tv_sec: 1_000_000_000, tv_nsec: 0 };
    let times = rustix::fs::Timestamps { last_access: long_ago, last_modification: long_ago };
    let kept = folder.path().join("015/inbox").join(kept);
    rustix::fs::utimensat(rustix::fs::CWD, &kept, &times, rustix::fs::AtFlags::empty()).unwrap();
    let mut upload = root.upload("015", &at, RESUMED).unwrap();
    // Even where the volume knows no locks: it is as young as its new beginning.
    assert!(upload.look().unwrap().changed > 1_000_000_000);
    let now = upload.look().unwrap().changed;
    assert_eq!(root.sweep(now + 100_000, 3600), Ok(0));
    upload.write_at(4, b"5").unwrap();
    upload.finish(Keeping::AS_BEGUN).unwrap();
    assert_eq!(std::fs::read_to_string(folder.path().join("015/inbox/a.csv")).unwrap(), "12345");
}

#[test]
fn room_made_for_a_file_that_never_came_is_not_gone_on_from() {
    let (_folder, root) = root();
    let at = path("015/inbox/a.csv");
    let mut upload = root.upload("015", &at, NEW).unwrap();
    upload.set_len(1000).unwrap();
    upload.write_at(0, b"1234").unwrap();
    drop(upload);
    assert_eq!(root.look_at_partial("015", &at).map(|look| look.n_bytes), Ok(4));
}

#[test]
fn names_are_bytes() {
    let (folder, root) = root();
    // 表 in CP932 ends in a backslash; 宛名 in UTF-8; neither is the other's.
    for name in [&b"\x95\x5c.csv"[..], "宛名.csv".as_bytes(), b"a b\\c", b"\xff\xfe"] {
        let at = path("015/inbox").join(name);
        store(&root, &at, NEW, name).unwrap();
        let on_disk = folder.path().join("015/inbox").join(std::ffi::OsStr::from_bytes(name));
        assert_eq!(std::fs::read(on_disk).unwrap(), name);
        let mut out = Vec::new();
        root.read(&at).unwrap().read_at(0, 100, &mut out).unwrap();
        assert_eq!(out, name);
        assert!(listed(&root, "015/inbox").contains(&name.to_vec()));
    }
    let long = vec![b'a'; 256];
    for name in
        [&b"a\nb"[..], b"\x1b[2J", b"\x7f", b".x.uploading", b".x.partial-upload", b".x.writing", &long]
    {
        let at = path("015/inbox").join(name);
        assert_eq!(store(&root, &at, NEW, b""), Err(VisitError::BadName), "{}", name.escape_ascii());
        assert_eq!(root.make_folder(&at), Err(VisitError::BadName));
    }
    // Clients with a temporary name of their own use dots.
    store(&root, &path("015/inbox/.in.a.csv"), NEW, b"x").unwrap();
    root.rename(&path("015/inbox/.in.a.csv"), &path("015/inbox/a.csv"), Renaming::KeepsTaken).unwrap();
}

#[test]
fn links_pipes_and_the_hubs_own_are_not_there() {
    let (folder, root) = root();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "x").unwrap();
    let inbox = folder.path().join("015/inbox");
    symlink(outside.path().join("secret"), inbox.join("file")).unwrap();
    symlink(outside.path(), inbox.join("folder")).unwrap();
    symlink("..", inbox.join("up")).unwrap();
    std::fs::create_dir_all(folder.path().join(".stage/run")).unwrap();
    std::fs::write(folder.path().join(".stage/run/a"), "x").unwrap();
    let pipe = inbox.join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, Mode::RWXU, 0).unwrap();
    assert!(listed(&root, "015/inbox").is_empty());
    assert_eq!(listed(&root, ""), [b"015"]);
    for text in [
        "015/inbox/file",
        "015/inbox/folder",
        "015/inbox/folder/secret",
        "015/inbox/up/inbox",
        "015/inbox/pipe",
        ".stage",
        ".stage/run/a",
        "015/../.stage",
    ] {
        assert!(
            matches!(root.look(&path(text)), Err(VisitError::Missing | VisitError::NotFolder)),
            "{text}: {:?}",
            root.look(&path(text))
        );
        assert!(root.read(&path(text)).is_err(), "{text}");
        assert!(root.remove(&path(text)).is_err(), "{text}");
        assert!(root.upload("015", &path(text), REPLACING).is_err(), "{text}");
        assert!(root.rename(&path(text), &path("015/inbox/new"), Renaming::Replaces).is_err(), "{text}");
        assert!(root.list(&path(text)).is_err(), "{text}");
    }
    // Nor are they replaced by what takes their name.
    let own = path("015/inbox/own.csv");
    store(&root, &own, NEW, b"x").unwrap();
    for text in ["015/inbox/file", "015/inbox/pipe"] {
        assert_eq!(root.rename(&own, &path(text), Renaming::Replaces), Err(VisitError::BadName), "{text}");
        assert!(!std::fs::symlink_metadata(folder.path().join(text)).unwrap().is_file());
    }
    let mut late = root.upload("015", &path("015/inbox/late"), REPLACING).unwrap();
    late.write_at(0, b"x").unwrap();
    symlink(outside.path().join("secret"), inbox.join("late")).unwrap();
    assert_eq!(late.finish(Keeping::AS_BEGUN), Err(VisitError::BadName));
    assert!(std::fs::symlink_metadata(inbox.join("late")).unwrap().is_symlink());
    assert!(outside.path().join("secret").exists());
}

#[test]
fn renaming_keeps_or_replaces_and_folders_go_only_when_empty() {
    let (folder, root) = root();
    let [a, b, inner] = ["015/inbox/a", "015/inbox/b", "015/inbox/inner"].map(path);
    store(&root, &a, NEW, b"a").unwrap();
    store(&root, &b, NEW, b"b").unwrap();
    assert_eq!(root.rename(&a, &b, Renaming::KeepsTaken), Err(VisitError::Taken));
    assert_eq!(root.rename(&a, &b, Renaming::Replaces), Ok(true));
    assert_eq!(std::fs::read_to_string(folder.path().join("015/inbox/b")).unwrap(), "a");
    assert_eq!(root.rename(&a, &b, Renaming::Replaces), Err(VisitError::Missing));
    assert_eq!(root.remove_folder(&b), Err(VisitError::NotFolder));
    root.make_folder(&inner).unwrap();
    assert_eq!(root.make_folder(&inner), Err(VisitError::Taken));
    assert_eq!(root.make_folder(&path("/")), Err(VisitError::Taken));
    assert_eq!(root.rename(&b, &inner, Renaming::Replaces), Err(VisitError::Taken));
    assert_eq!(root.remove(&inner), Err(VisitError::IsFolder));
    assert_eq!(root.upload("015", &inner, REPLACING).err(), Some(VisitError::IsFolder));
    assert_eq!(root.rename(&b, &inner.join(b"b"), Renaming::KeepsTaken), Ok(false));
    assert_eq!(root.remove_folder(&inner), Err(VisitError::NotEmpty));
    root.remove(&inner.join(b"b")).unwrap();
    root.remove_folder(&inner).unwrap();
    assert!(on_disk(&folder.path().join("015/inbox")).is_empty());
}

#[test]
fn what_was_opened_is_read_to_its_end() {
    let (_folder, root) = root();
    let at = path("015/inbox/a");
    store(&root, &at, NEW, b"0123456789").unwrap();
    let file = root.read(&at).unwrap();
    store(&root, &at, REPLACING, b"x").unwrap();
    let check = |offset: u64, n_bytes: usize, expect: &[u8]| {
        let mut out = b">".to_vec();
        assert_eq!(file.read_at(offset, n_bytes, &mut out), Ok(expect.len()));
        assert_eq!(&out[1..], expect);
    };
    check(0, 4, b"0123");
    check(8, 4, b"89");
    check(10, 4, b"");
    check(u64::MAX, 4, b"");
}
