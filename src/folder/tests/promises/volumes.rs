//! A full volume, a read-only one, and a second one: real ones, mounted in a mount namespace of a child.
//!
//! Each test starts itself once more under `unshare`. As root that must work. Without root it is tried in a
//! user namespace, and where the machine does not permit that, the test says so and shows nothing.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use renkei_core::port::{FolderError, Folders, Inbox, Share, WhyRefused};
use renkei_folder::visit::{Keeping, UploadStart, VisitError, VisitPath, VisitedRoot, Writing};
use renkei_folder::{LocalFolders, ReadOnlyShare};

use crate::desk::{again, code, content, folder, name, write_staged};

const VOLUME: &str = "RENKEI_FOLDER_TEST_VOLUME";
const SHOWN: &str = "the volume was tried";

/// Runs `body` in a child with a tmpfs of 1 MiB mounted on the folder it is given.
fn on_a_small_volume(test: &str, body: fn(&Path)) {
    if let Some(volume) = std::env::var_os(VOLUME) {
        body(Path::new(&volume));
        println!("\n{SHOWN}");
        return;
    }
    let is_root = rustix::process::geteuid().is_root();
    let unshare = if is_root { ["--mount", "--"].as_slice() } else { &["--mount", "--map-root-user", "--"] };
    let is_permitted = Command::new("unshare").args(unshare).arg("true").status().is_ok_and(|s| s.success());
    if !is_permitted && !is_root {
        println!("NOT SHOWN: {test} needs root or user namespaces to mount a small volume");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let volume: PathBuf = dir.path().join("volume");
    std::fs::create_dir(&volume).unwrap();
    let itself = again(test);
    let output = Command::new("unshare")
        .args(unshare)
        .args(["sh", "-ec", "mount -t tmpfs -o size=1M small \"$0\"; exec \"$@\""])
        .arg(&volume)
        .arg(itself.get_program())
        .args(itself.get_args())
        .env(VOLUME, &volume)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains(SHOWN),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(std::fs::read_dir(&volume).unwrap().count(), 0, "the volume was mounted for the child only");
}

fn mount(arguments: &[&str]) {
    let status = Command::new("mount").args(arguments).status().unwrap();
    assert!(status.success(), "mount {arguments:?}");
}

#[test]
fn a_full_volume_is_told_and_leaves_nothing_published() {
    on_a_small_volume("volumes::a_full_volume_is_told_and_leaves_nothing_published", |root| {
        let folders = LocalFolders::open(root).unwrap();
        let check = |n_bytes: usize, n_at_once: usize| {
            folders.begin_stage(&name("s")).unwrap();
            let mut staged = folders.create(&name("s"), &name("x.csv")).unwrap();
            let bytes = vec![b'x'; n_bytes];
            let written = bytes.chunks(n_at_once).try_for_each(|part| staged.write_all(part));
            let fault = match written {
                Ok(()) => staged.finish().unwrap_err(),
                Err(error) => {
                    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
                    drop(staged);
                    error.downcast::<FolderError>().unwrap()
                }
            };
            assert_eq!(
                fault.to_string(),
                "no space left on the volume while writing .stage/s/x.csv",
                "{n_bytes} bytes, {n_at_once} at once"
            );
            let to = folder("001/v1");
            let published = folders.publish(&name("s"), &name("x.csv"), &to, &content(&bytes));
            assert_eq!(code(published), "folder.staged-file-lost");
            assert_eq!(folders.list(&to).unwrap(), []);
        };
        check(2 << 20, 2 << 20);
        check(2 << 20, 1000);
        folders.discard_stage(&name("s")).unwrap();
        // All of it fits into the buffer, so that only finishing finds out.
        std::fs::write(root.join("filler"), vec![0; 600 << 10]).unwrap();
        check(900 << 10, 1000);

        std::fs::remove_file(root.join("filler")).unwrap();
        folders.begin_stage(&name("s")).unwrap();
        write_staged(&folders, "x.csv", b"room again").unwrap();
        folders.publish(&name("s"), &name("x.csv"), &folder("001/v1"), &content(b"room again")).unwrap();
    });
}

#[test]
fn an_upload_of_which_a_block_found_no_room_is_never_there_and_is_gone_on_with() {
    on_a_small_volume(
        "volumes::an_upload_of_which_a_block_found_no_room_is_never_there_and_is_gone_on_with",
        |folder| {
            let root = VisitedRoot::open(folder).unwrap();
            let path = VisitPath::parse(b"a.csv").unwrap();
            let block = vec![b'x'; 128 << 10];
            let at = |no: usize| (no * block.len()) as u64;
            let writing = |start| Writing { start, may_replace: false, may_create: true };
            std::fs::write(folder.join("filler"), vec![0; 600 << 10]).unwrap();
            let mut upload = root.upload("015", &path, writing(UploadStart::Empty)).unwrap();
            let n_written = (0..8).take_while(|no| upload.write_at(at(*no), &block).is_ok()).count();
            assert!((1..8).contains(&n_written), "{n_written}");
            // The client has sent more ahead, for which there is room again, and closes.
            std::fs::remove_file(folder.join("filler")).unwrap();
            assert_eq!(upload.write_at(at(n_written + 1), &block), Err(VisitError::Full));
            assert_eq!(upload.set_len(at(8)), Err(VisitError::Full));
            assert_eq!(upload.finish(Keeping::AS_BEGUN), Err(VisitError::Full));
            assert_eq!(root.look(&path), Err(VisitError::Missing));
            let kept = root.look_at_partial("015", &path).unwrap().n_bytes;
            assert_eq!(kept, at(n_written), "what had arrived without a hole");

            let mut upload = root.upload("015", &path, writing(UploadStart::Standing)).unwrap();
            for no in n_written..7 {
                upload.write_at(at(no), &block).unwrap();
            }
            assert_eq!(upload.finish(Keeping::AS_BEGUN).map(|stored| stored.n_bytes), Ok(at(7)));
            assert_eq!(std::fs::read(folder.join("a.csv")).unwrap(), vec![b'x'; 7 * block.len()]);
        },
    );
}

#[test]
fn a_file_is_made_no_longer_than_its_volume_and_copied_only_where_there_is_room() {
    on_a_small_volume(
        "volumes::a_file_is_made_no_longer_than_its_volume_and_copied_only_where_there_is_room",
        |folder| {
            let root = VisitedRoot::open(folder).unwrap();
            let path = VisitPath::parse(b"a.csv").unwrap();
            let writing = |start| Writing { start, may_replace: true, may_create: true };
            let mut upload = root.upload("015", &path, writing(UploadStart::Empty)).unwrap();
            assert_eq!(upload.set_len(1 << 40), Err(VisitError::Full));
            assert_eq!(upload.finish(Keeping::AS_BEGUN), Err(VisitError::Full));
            // As somebody made it beside the hub: long by its length only.
            std::fs::File::create(folder.join("a.csv")).unwrap().set_len(1 << 40).unwrap();
            let copied = root.upload("015", &path, writing(UploadStart::Standing));
            assert_eq!(copied.err(), Some(VisitError::Full));
            std::fs::write(folder.join("b.csv"), "b").unwrap();
            let other = VisitPath::parse(b"b.csv").unwrap();
            let unwanted = root.upload_while("015", &other, writing(UploadStart::Standing), &|| false);
            assert!(matches!(unwanted.err(), Some(VisitError::System(_))));
            root.upload("015", &other, writing(UploadStart::Standing)).unwrap();
            assert_eq!(std::fs::read_dir(folder).unwrap().count(), 2, "nothing is left of them");
        },
    );
}

#[test]
fn a_read_only_volume_denies_writing_and_is_still_read() {
    on_a_small_volume("volumes::a_read_only_volume_denies_writing_and_is_still_read", |root| {
        let folders = LocalFolders::open(root).unwrap();
        let (s, x, y, to) = (name("s"), name("x.csv"), name("y.csv"), folder("001/v1"));
        folders.begin_stage(&s).unwrap();
        write_staged(&folders, "x.csv", b"x").unwrap();
        folders.publish(&s, &x, &to, &content(b"x")).unwrap();
        write_staged(&folders, "y.csv", b"y").unwrap();
        mount(&["-o", "remount,bind,ro", root.to_str().unwrap()]);

        assert_eq!(code(folders.publish(&s, &y, &to, &content(b"y"))), "folder.denied");
        assert_eq!(code(folders.publish(&s, &y, &folder("new"), &content(b"y"))), "folder.denied");
        assert_eq!(code(folders.create(&s, &x)), "folder.denied");
        assert_eq!(code(folders.create(&s, &y)), "folder.denied");
        assert_eq!(code(folders.begin_stage(&name("t"))), "folder.denied");
        assert_eq!(code(folders.discard_stage(&s)), "folder.denied");

        assert_eq!(folders.list(&to).unwrap(), std::slice::from_ref(&x));
        assert_eq!(code(folders.read(&to, &x)), "ok");
        assert_eq!(code(LocalFolders::open(root)), "ok", "its own folders are there");
        let share = ReadOnlyShare::at(root);
        assert_eq!(share.look(&to).unwrap().len(), 1);
        assert_eq!(code(share.open(&to, &x)), "ok");
    });
}

#[test]
fn a_folder_on_another_volume_is_told_apart_from_one_outside() {
    on_a_small_volume("volumes::a_folder_on_another_volume_is_told_apart_from_one_outside", |root| {
        let folders = LocalFolders::open(root).unwrap();
        let mounted = root.join("001/v1");
        std::fs::create_dir_all(&mounted).unwrap();
        mount(&["-t", "tmpfs", "-o", "size=1M", "second", mounted.to_str().unwrap()]);
        folders.begin_stage(&name("s")).unwrap();
        write_staged(&folders, "x.csv", b"x").unwrap();
        let published = folders.publish(&name("s"), &name("x.csv"), &folder("001/v1"), &content(b"x"));
        assert_eq!(code(published), "folder.other-volume");
        assert_eq!(std::fs::read_dir(&mounted).unwrap().count(), 0);
        assert_eq!(code(folders.read_staged(&name("s"), &name("x.csv"))), "ok");
    });
}

#[test]
fn a_set_on_another_volume_is_copied_and_then_removed() {
    on_a_small_volume("volumes::a_set_on_another_volume_is_copied_and_then_removed", |root| {
        let folders = LocalFolders::open(root).unwrap();
        let mounted = root.join("015/inbox");
        std::fs::create_dir_all(&mounted).unwrap();
        mount(&["-t", "tmpfs", "-o", "size=1M", "second", mounted.to_str().unwrap()]);
        let names = ["a.csv", "link.csv", "x.done"].map(name);
        let why = WhyRefused { json: "{}", text: "because" };
        let refuse = || folders.refuse_set(&folder("015/inbox"), &names, &name("p"), &why).unwrap();
        let read = |path: &str| std::fs::read_to_string(root.join(".quarantine/p").join(path)).unwrap();
        std::fs::write(mounted.join("a.csv"), "rows").unwrap();
        std::fs::write(mounted.join("x.done"), "notice").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", mounted.join("link.csv")).unwrap();
        // An attempt that was cut off after it had claimed the file and copied it.
        std::fs::write(mounted.join(".taking-a.csv"), "claimed").unwrap();
        std::fs::create_dir_all(root.join(".quarantine/p")).unwrap();
        std::fs::write(root.join(".quarantine/p/a.csv"), "claimed").unwrap();
        std::fs::write(root.join(".quarantine/p/.under-way"), "half").unwrap();
        for _ in 0..2 {
            assert_eq!(refuse(), ".quarantine/p");
            assert_eq!((read("a.csv"), read("again-2/a.csv")), ("claimed".to_owned(), "rows".to_owned()));
            assert_eq!((read("x.done"), read("reason.txt")), ("notice".to_owned(), "because".to_owned()));
            assert_eq!(std::fs::read_dir(root.join(".quarantine/p")).unwrap().count(), 5);
            let left: Vec<_> = std::fs::read_dir(&mounted).unwrap().map(|e| e.unwrap().file_name()).collect();
            assert_eq!(left, ["link.csv"], "of a link there is nothing to copy");
        }
    });
}
