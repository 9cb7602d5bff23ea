//! No data file is visible under its final name before it is complete; no notice before all files it names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::sandbox::files::{data_files, ends_with, names, sha256};
use crate::sandbox::{ALL_ITEMS, BOM, CP932, Sandbox};

const FEEDS: [&str; 3] = [BOM, CP932, ALL_ITEMS];

/// A receiver who looks all the time.
#[derive(Default)]
struct Watcher {
    /// Each file's digest when it was first seen.
    seen: BTreeMap<PathBuf, String>,
    n_rounds: u64,
}

impl Watcher {
    fn look_around(&mut self, sandbox: &Sandbox) {
        for feed in FEEDS {
            self.look(&sandbox.feed_folder(feed));
        }
    }

    fn look(&mut self, folder: &Path) {
        let listed = names(folder);
        for name in &listed {
            let path = folder.join(name);
            let bytes = fs::read(&path).unwrap();
            let digest = sha256(&bytes);
            let first = self.seen.entry(path.clone()).or_insert_with(|| digest.clone());
            assert_eq!(*first, digest, "{name} changed after it was visible");
            if ends_with(name, "done") {
                for file in data_files(&path) {
                    assert!(file.is_file(), "{name} is visible before {}", file.display());
                }
            }
        }
        self.n_rounds += 1;
    }
}

#[test]
fn whole_or_absent() {
    let sandbox = Sandbox::loaded(120, 40);
    sandbox.replace("hub/hub.toml", "part_rows = 1000000", "part_rows = 20");
    let files = sandbox.cut_moves(4);
    let is_done = AtomicBool::new(false);
    let watcher = std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut watcher = Watcher::default();
            while !is_done.load(Ordering::Relaxed) {
                watcher.look_around(&sandbox);
                std::thread::yield_now();
            }
            watcher.look_around(&sandbox);
            watcher
        });
        sandbox.generate(&FEEDS, &["--full"]).expect(0);
        for file in &files {
            sandbox.run(&["apply", file]).expect(0);
            sandbox.generate(&FEEDS, &["--diff"]).expect(0);
        }
        sandbox.generate(&FEEDS, &["--full"]).expect(0);
        is_done.store(true, Ordering::Relaxed);
        watching.join().unwrap()
    });
    assert!(watcher.n_rounds > 100, "only {} looks", watcher.n_rounds);
    for feed in FEEDS {
        for notice in sandbox.notices(feed) {
            let value = crate::sandbox::files::notice(&notice);
            for (file, path) in value["files"].as_array().unwrap().iter().zip(data_files(&notice)) {
                assert_eq!(
                    file["sha256"],
                    watcher.seen[&path],
                    "{} was whole when first seen",
                    path.display()
                );
            }
        }
    }
}
