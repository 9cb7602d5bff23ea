//! Small volumes: real ones, mounted in a mount namespace of a child.
//!
//! A test starts itself once more under `unshare`. As root that must work. Without root it is tried in a user
//! namespace, and where the machine does not permit that, the test says so and shows nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const VOLUME: &str = "RENKEI_TEST_VOLUME";
const SHOWN: &str = "the volume was tried";
const VOLUME_BYTES: u64 = 2 << 20;
const PAGE_BYTES: u64 = 4096;

/// Runs `body` in a child with a tmpfs of 2 MiB mounted on the folder it is given.
pub(crate) fn on_a_small_volume(test: &str, body: fn(&Path)) {
    if let Some(volume) = std::env::var_os(VOLUME) {
        body(Path::new(&volume));
        println!("\n{SHOWN}");
        return;
    }
    let is_root =
        fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).unwrap() == 0;
    let unshare = if is_root { ["--mount", "--"].as_slice() } else { &["--mount", "--map-root-user", "--"] };
    let is_permitted = Command::new("unshare").args(unshare).arg("true").status().is_ok_and(|s| s.success());
    if !is_permitted && !is_root {
        println!("NOT SHOWN: {test} needs root or user namespaces to mount a small volume");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let volume: PathBuf = dir.path().join("volume");
    fs::create_dir(&volume).unwrap();
    let output = Command::new("unshare")
        .args(unshare)
        .args(["sh", "-ec", "mount -t tmpfs -o size=2M small \"$0\"; exec \"$@\""])
        .arg(&volume)
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(VOLUME, &volume)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let is_shown = output.status.success() && said.contains(SHOWN);
    assert!(is_shown, "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_dir(&volume).unwrap().count(), 0, "the volume was mounted for the child only");
}

/// Mounts, within the child.
pub(crate) fn mount(arguments: &[&str]) {
    assert!(Command::new("mount").args(arguments).status().unwrap().success(), "mount {arguments:?}");
}

/// Fills the volume but for some pages.
pub(crate) fn fill(volume: &Path, n_free_pages: u64) {
    let path = volume.join("filler");
    let _ = fs::remove_file(&path);
    let mut filler = fs::File::create(&path).unwrap();
    let page = vec![b'x'; usize::try_from(PAGE_BYTES).unwrap()];
    while std::io::Write::write_all(&mut filler, &page).is_ok() {}
    let n_bytes = filler.metadata().unwrap().len() / PAGE_BYTES * PAGE_BYTES;
    assert!(n_bytes <= VOLUME_BYTES);
    filler.set_len(n_bytes.saturating_sub(n_free_pages * PAGE_BYTES)).unwrap();
}

/// Takes away what fills the volume.
pub(crate) fn make_room(volume: &Path) {
    fs::remove_file(volume.join("filler")).unwrap();
}
