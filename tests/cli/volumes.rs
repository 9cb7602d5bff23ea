//! A full volume, a read-only one, a second one.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::sandbox::files::{names, whole_or_absent};
use crate::sandbox::volumes::{fill, make_room, mount, on_a_small_volume};
use crate::sandbox::{ALL_ITEMS, Outcome, PLAIN, Sandbox};

/// A loaded hub whose root, or whose database, is on the volume.
fn hub_on(volume: &Path, what: &str, n_residents: u32) -> Sandbox {
    let sandbox = Sandbox::new().init().town(n_residents, 8);
    let place = volume.to_str().unwrap();
    match what {
        "root" => sandbox.replace("hub/hub.toml", "path = \"share\"", &format!("path = \"{place}\"")),
        _ => sandbox.replace("hub/hub.toml", "data/renkei.db", &format!("{place}/renkei.db")),
    };
    sandbox.run(&["load", "town/residents.csv"]).expect(0);
    sandbox
}

/// The published files on a volume that is the root.
fn published(volume: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    crate::sandbox::files::read_tree(volume, |name| !name.starts_with('.') && name != "filler")
}

fn n_publications(sandbox: &Sandbox) -> usize {
    sandbox.run(&["publications", "--json"]).expect(0).json().as_array().unwrap().len()
}

#[test]
fn a_full_root_is_told_and_nothing_is_half_published() {
    on_a_small_volume("volumes::a_full_root_is_told_and_nothing_is_half_published", |volume| {
        let sandbox = hub_on(volume, "root", 200);
        fill(volume, 8);
        sandbox.generate(&[ALL_ITEMS], &["--full"]).expect_fault(10, "folder.full");
        assert_eq!(published(volume).len(), 0);
        assert_eq!(n_publications(&sandbox), 0);
        assert_eq!(fs::read_dir(volume.join(".stage")).unwrap().count(), 0, "the stage is cleared at once");
        let runs = sandbox.run(&["runs", "--json"]).expect(0).json();
        assert_eq!((&runs[0]["state"], &runs[0]["fault_code"]), (&"failed".into(), &"folder.full".into()));
        make_room(volume);
        let board = sandbox.generate(&[ALL_ITEMS], &["--full", "--json"]).expect(0).json();
        assert_eq!(board[0]["sequence"], 1);
        assert_eq!(whole_or_absent(&published(volume), "after room was made"), Vec::<String>::new());
    });
}

#[test]
fn wherever_the_root_fills_up_the_publication_is_whole_in_the_end() {
    on_a_small_volume("volumes::wherever_the_root_fills_up_the_publication_is_whole_in_the_end", |volume| {
        let sandbox = hub_on(volume, "root", 30);
        let mut n_refused = 0;
        for n_free_pages in 0..10 {
            let note = format!("{n_free_pages} pages free");
            fill(volume, n_free_pages);
            let outcome = sandbox.generate(&[PLAIN], &["--full"]);
            if outcome.status.code() == Some(0) {
                assert!(n_refused > 3, "{note}");
                break;
            }
            n_refused += 1;
            let _: Outcome = outcome.expect_fault(10, "folder.full");
            // Data without its notice may stand there, never the other way round.
            whole_or_absent(&published(volume), &note);
            make_room(volume);
            sandbox.generate(&[PLAIN], &["--full"]).expect(0);
            assert_eq!(whole_or_absent(&published(volume), &note), Vec::<String>::new(), "{note}");
            let stages = fs::read_dir(volume.join(".stage")).unwrap().count();
            assert_eq!(stages, 0, "{note}: stages left");
        }
        assert!((4..10).contains(&n_refused), "{n_refused}");
    });
}

#[test]
fn a_full_database_volume_is_told_and_nothing_is_half_applied() {
    on_a_small_volume("volumes::a_full_database_volume_is_told_and_nothing_is_half_applied", |volume| {
        let sandbox = hub_on(volume, "database", 30);
        let n_commits = |sandbox: &Sandbox| {
            sandbox.run(&["commits", "--json"]).expect(0).json().as_array().unwrap().len()
        };
        let mut n_refused = 0;
        for n_free_pages in [0, 4, 9, 12, 20, 40, 80, 160] {
            fill(volume, n_free_pages);
            let outcome = sandbox.run(&["apply", "town/moves.csv"]);
            if outcome.status.code() == Some(0) {
                break;
            }
            outcome.expect_fault(10, "store.full");
            n_refused += 1;
            sandbox.generate(&[PLAIN], &["--full"]).expect_fault(10, "store.full");
            make_room(volume);
            let note = format!("{n_free_pages} pages free");
            assert_eq!(n_commits(&sandbox), 1, "{note}");
            // Where only the last line did not fit, the publication stands already: whole.
            assert_eq!(whole_or_absent(&sandbox.published(), &note), Vec::<String>::new(), "{note}");
        }
        assert!(n_refused >= 2, "{n_refused}");
        make_room(volume);
        assert_eq!(n_commits(&sandbox), 2);
        sandbox.generate(&[PLAIN], &["--full"]).expect(0);
        let notice = sandbox.notices(PLAIN).remove(0);
        sandbox.run(&["verify", notice.to_str().unwrap()]).expect(0);
    });
}

#[test]
fn a_read_only_root_is_told_and_changes_nothing() {
    on_a_small_volume("volumes::a_read_only_root_is_told_and_changes_nothing", |volume| {
        let sandbox = hub_on(volume, "root", 30);
        let place = volume.to_str().unwrap();
        sandbox.generate(&[PLAIN], &["--full"]).expect(0);
        let before = published(volume);
        mount(&["-o", "remount,ro", place]);
        sandbox.generate(&[PLAIN], &["--full"]).expect_fault(10, "folder.denied");
        // The registry is not concerned.
        sandbox.run(&["apply", "town/moves.csv"]).expect(0);
        sandbox.run(&["feeds"]).expect(0);
        assert!(published(volume) == before);
        mount(&["-o", "remount,rw", place]);
        sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
        assert_eq!(names(&volume.join("001/001o005-00/v1.0")).len(), 4);
    });
}

#[test]
fn a_feeds_folder_on_another_volume_is_told() {
    on_a_small_volume("volumes::a_feeds_folder_on_another_volume_is_told", |volume| {
        let sandbox = hub_on(volume, "root", 30);
        fs::create_dir_all(volume.join("001")).unwrap();
        mount(&["-t", "tmpfs", "other", volume.join("001").to_str().unwrap()]);
        sandbox.generate(&[PLAIN], &["--full"]).expect(10).says("folder.");
        assert_eq!(published(volume).len(), 0);
    });
}

#[test]
fn the_doctor_sees_a_small_and_a_read_only_volume() {
    on_a_small_volume("volumes::the_doctor_sees_a_small_and_a_read_only_volume", |volume| {
        let sandbox = hub_on(volume, "root", 10);
        let says = |check: &str| {
            let findings = sandbox.run(&["doctor", "--json"]).expect(1).json();
            let findings = findings["findings"].as_array().unwrap().clone();
            let is_it = |finding: &&serde_json::Value| {
                finding["check"] == check
                    && finding["level"] == "problem"
                    && finding["place"].as_str().unwrap().starts_with(volume.to_str().unwrap())
            };
            findings.iter().filter(is_it).count()
        };
        assert_eq!((says("space"), says("folders"), says("volume")), (1, 0, 0));
        mount(&["-o", "remount,ro", volume.to_str().unwrap()]);
        assert!(says("folders") > 0);
        mount(&["-o", "remount,rw", volume.to_str().unwrap()]);
        let feed = volume.join("001/001o005-00/v1.0");
        fs::create_dir_all(&feed).unwrap();
        mount(&["-t", "tmpfs", "other", feed.to_str().unwrap()]);
        assert_eq!(says("volume"), 1);
        assert!(Command::new("umount").arg(&feed).status().unwrap().success());
    });
}
