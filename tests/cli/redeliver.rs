//! Given again: the same bytes, whatever a receiver did to them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::sandbox::files::{data_files, edit, names, read_tree};
use crate::sandbox::{ALL_ITEMS, CP932, Outcome, PLAIN, Sandbox, moves};

/// A hub whose feed has a full and a diff.
fn published(feed: &str) -> Sandbox {
    let sandbox = Sandbox::new().init().town(60, 24);
    sandbox.replace("hub/hub.toml", "part_rows = 1000000", "part_rows = 15");
    sandbox.run(&["load", "town/residents.csv"]).expect(0);
    sandbox.generate(&[feed], &["--full"]).expect(0);
    let names = sandbox.japanese();
    sandbox.write("renaming.csv", &moves::renaming(&[(&names[0], "𠮟田　太郎"), (&names[1], "山田　改")]));
    sandbox.run(&["apply", "renaming.csv"]).expect(0);
    sandbox.generate(&[feed], &["--diff"]).expect(0);
    sandbox
}

fn redeliver(sandbox: &Sandbox, feed: &str, sequence: &str, more: &[&str]) -> Outcome {
    let command = ["redeliver", feed, sequence, "--reason", "受け手の依頼"];
    sandbox.run(&[command.as_slice(), more].concat())
}

fn number(path: &Path) -> u64 {
    fs::metadata(path).unwrap().ino()
}

#[track_caller]
fn proven(sandbox: &Sandbox, feed: &str) {
    let notices = sandbox.notices(feed);
    let paths: Vec<&str> = notices.iter().map(|path| path.to_str().unwrap()).collect();
    sandbox.run(&[["verify", "--base"].as_slice(), &paths].concat()).expect(0);
}

/// The step a plan has for each file.
fn steps(plan: &serde_json::Value) -> Vec<String> {
    let files = plan["files"].as_array().unwrap();
    files.iter().map(|file| file["step"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_receiver_who_emptied_its_folder_gets_the_same_bytes() {
    // With parts, and with a report beside the data.
    for feed in [PLAIN, ALL_ITEMS, CP932] {
        let sandbox = published(feed);
        let before = sandbox.published();
        fs::remove_dir_all(sandbox.feed_folder(feed)).unwrap();
        for sequence in ["1", "2", "2"] {
            redeliver(&sandbox, feed, sequence, &[]).expect(0);
        }
        assert!(sandbox.published() == before, "{feed}: not the same bytes");
        proven(&sandbox, feed);
        // The feed goes on as if nothing had been.
        sandbox.generate(&[feed], &["--diff"]).expect(0);
        proven(&sandbox, feed);
    }
}

#[test]
fn what_a_receiver_changed_goes_to_the_quarantine() {
    let sandbox = published(ALL_ITEMS);
    let before = sandbox.published();
    let notice = sandbox.notices(ALL_ITEMS)[0].clone();
    let parts = data_files(&notice);
    assert!(parts.len() > 3, "the full is in parts");
    edit(&parts[1], |bytes| bytes.truncate(10));
    fs::remove_file(&parts[2]).unwrap();
    let replaced = sandbox.path("theirs.csv");
    fs::write(&replaced, "theirs").unwrap();
    fs::rename(&replaced, &parts[3]).unwrap();
    edit(&notice, |bytes| bytes.push(b' '));

    let plan = redeliver(&sandbox, ALL_ITEMS, "1", &["--dry-run", "--json"]).expect(0).json();
    assert_eq!(steps(&plan)[..5], ["leave", "replace", "put-back", "replace", "leave"]);
    let done = redeliver(&sandbox, ALL_ITEMS, "1", &["--json"]).expect(0).json();
    let quarantined = done["quarantined"].as_array().unwrap();
    assert_eq!(quarantined.len(), 3, "two data files and the notice");
    assert!(sandbox.published() == before, "not the same bytes");
    let place = sandbox.path("hub/share").join(quarantined[1].as_str().unwrap());
    assert_eq!(fs::read_to_string(&place).unwrap(), "theirs");
    let reason = fs::read_to_string(format!("{}.reason.txt", place.display())).unwrap();
    assert!(reason.contains("受け手の依頼") && reason.contains("publication 1 of feed"), "{reason}");
    proven(&sandbox, ALL_ITEMS);
}

#[test]
fn a_link_or_folder_under_the_name_is_moved_away_and_not_followed() {
    let sandbox = published(PLAIN);
    let before = sandbox.published();
    let [full, diff] = [0, 1].map(|index| data_files(&sandbox.notices(PLAIN)[index])[0].clone());
    sandbox.write("outside.csv", "outside");
    for path in [&full, &diff] {
        fs::remove_file(path).unwrap();
    }
    std::os::unix::fs::symlink(sandbox.path("outside.csv"), &full).unwrap();
    fs::create_dir(&diff).unwrap();
    redeliver(&sandbox, PLAIN, "1", &[]).expect(0);
    redeliver(&sandbox, PLAIN, "2", &[]).expect(0);
    assert!(sandbox.published() == before, "not the same bytes");
    assert_eq!(fs::read_to_string(sandbox.path("outside.csv")).unwrap(), "outside");
}

#[test]
fn the_notice_comes_anew_even_where_it_stands() {
    let sandbox = published(PLAIN);
    let notice = sandbox.notices(PLAIN)[1].clone();
    let data = data_files(&notice)[0].clone();
    for from in ["data", "notice"] {
        let before = (number(&notice), number(&data));
        redeliver(&sandbox, PLAIN, "2", &["--from", from]).expect(0);
        assert_ne!(number(&notice), before.0, "who watches sees a new file");
        assert_eq!(number(&data), before.1, "what stands is left");
    }
    fs::remove_file(&data).unwrap();
    redeliver(&sandbox, PLAIN, "2", &["--from", "notice"])
        .expect_fault(10, "feed.redeliver-refused")
        .says("begin from data");
}

#[test]
fn without_the_archive_only_what_stands_is_given() {
    let sandbox = published(PLAIN);
    let data = data_files(&sandbox.notices(PLAIN)[1])[0].clone();
    let bytes = fs::read(&data).unwrap();
    let archive = sandbox.path("hub/share/.archive");
    fs::remove_dir_all(&archive).unwrap();
    fs::remove_file(&data).unwrap();
    redeliver(&sandbox, PLAIN, "2", &[]).expect_fault(10, "feed.redeliver-refused").says("does not have");
    // The start made up for what the folders still have; the full's file is among it.
    assert!(archive.join("publications").join(PLAIN).join("1").exists());
    redeliver(&sandbox, PLAIN, "1", &[]).expect(0);
    // Whoever has the file puts it back, and it is kept again.
    fs::write(&data, &bytes).unwrap();
    redeliver(&sandbox, PLAIN, "2", &["--from", "notice"]).expect(0);
    fs::remove_file(&data).unwrap();
    redeliver(&sandbox, PLAIN, "2", &[]).expect(0);
    assert_eq!(fs::read(&data).unwrap(), bytes);
}

#[test]
fn what_was_changed_in_the_archive_is_not_given() {
    let sandbox = published(PLAIN);
    let data = data_files(&sandbox.notices(PLAIN)[1])[0].clone();
    let shelf = sandbox.path(&format!("hub/share/.archive/publications/{PLAIN}/2"));
    edit(&shelf.join(data.file_name().unwrap()), |bytes| bytes[0] ^= 1);
    fs::remove_file(&data).unwrap();
    let refused = redeliver(&sandbox, PLAIN, "2", &[]).expect_fault(10, "feed.redeliver-refused");
    refused.says("is not what was published").says("renkei remake");
    assert!(!data.exists());
}

#[test]
fn what_was_never_given_is_refused() {
    let sandbox = published(PLAIN);
    sandbox.replace("hub/hub.toml", "[guard]\n", "[guard]\nmax_changed_rows = 0\n");
    let residents = sandbox.japanese();
    sandbox.write("more.csv", &moves::renaming(&[(&residents[2], "山田　再")]));
    sandbox.run(&["apply", "more.csv"]).expect(0);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(10);
    redeliver(&sandbox, PLAIN, "3", &[]).expect_fault(10, "feed.redeliver-refused").says("it is held");
    redeliver(&sandbox, PLAIN, "3", &["--dry-run"]).expect(10).says("it is held");
    // An earlier one is given while another is held.
    redeliver(&sandbox, PLAIN, "2", &[]).expect(0);
    sandbox.run(&["held", "discard", PLAIN, "--reason", "誤り"]).expect(0);
    redeliver(&sandbox, PLAIN, "3", &[]).expect_fault(10, "feed.no-such-publication");
    redeliver(&sandbox, PLAIN, "99", &[]).expect_fault(10, "feed.no-such-publication");
    sandbox.run(&["redeliver", PLAIN, "1"]).expect(2);
    sandbox.run(&["redeliver", PLAIN, "1", "--reason", " "]).expect(2);
    redeliver(&sandbox, "001o005-v9", "1", &[]).expect_fault(2, "usage.unknown-feed");
}

#[test]
fn a_dry_run_changes_nothing_and_every_redelivery_is_on_record() {
    let sandbox = published(PLAIN);
    let data: PathBuf = data_files(&sandbox.notices(PLAIN)[0])[0].clone();
    fs::remove_file(&data).unwrap();
    let everything = || (read_tree(&sandbox.path("hub/share"), |_| true), sandbox.audit());
    let before = everything();
    let plan = redeliver(&sandbox, PLAIN, "1", &["--dry-run", "--json"]).expect(0).json();
    assert_eq!(steps(&plan), ["put-back", "give-again"]);
    assert_eq!(
        plan["follows"][1],
        serde_json::json!({ "what": "later-stand-after-it", "n_later": 1, "last": 2 })
    );
    redeliver(&sandbox, PLAIN, "1", &["--dry-run"]).expect(0).says("put back").says("given anew");
    redeliver(&sandbox, PLAIN, "1", &["--dry-run", "--lang", "ja"]).expect(0).says("控えから戻す");
    assert!(everything() == before, "a dry run changed something");
    assert!(!data.exists());

    redeliver(&sandbox, PLAIN, "1", &[]).expect(0);
    let runs = sandbox.run(&["runs", "--json"]).expect(0).json();
    // Under a clock that stands, runs have no order.
    let what = format!("redeliver {PLAIN} 1");
    let run = runs.as_array().unwrap().iter().find(|run| run["what"] == what.as_str()).unwrap();
    assert_eq!(run["state"], "succeeded");
    let line = sandbox.audit().pop().unwrap();
    assert_eq!((line.action, line.reason), (format!("redeliver {PLAIN} 1"), "受け手の依頼".to_owned()));
    assert_eq!(names(&sandbox.path("hub/share/.stage")), Vec::<String>::new());
}
