//! `renkei generate`: full, diff, single, as of a day; parts; empty diffs.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::sandbox::files::{data_files, names, notice};
use crate::sandbox::moves::{fields, renaming};
use crate::sandbox::{ALL_ITEMS, BOM, NUMBERS, PLAIN, Sandbox};

/// The rows of a publication's data files as texts by column name.
fn rows(notice_path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut rows = Vec::new();
    for file in data_files(notice_path) {
        let bytes = std::fs::read(file).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let mut lines = text.trim_start_matches('\u{feff}').lines();
        let header = fields(lines.next().unwrap());
        rows.extend(lines.map(|line| header.iter().cloned().zip(fields(line)).collect()));
    }
    rows
}

fn verify(sandbox: &Sandbox, notice_path: &Path) {
    sandbox.run(&["verify", notice_path.to_str().unwrap()]).expect(0);
}

#[test]
fn an_empty_diff_is_published_counted_and_part_of_the_chain() {
    let sandbox = Sandbox::loaded(30, 8);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    let notices = sandbox.notices(PLAIN);
    let (full, empty) = (notice(&notices[0]), notice(&notices[1]));
    assert_eq!((&empty["n_rows"], &empty["sequence"]), (&0.into(), &2.into()));
    assert_eq!(empty["state_before"], full["state_after"]);
    assert_eq!(empty["state_after"], full["state_after"]);
    assert_eq!(empty["commits"], serde_json::json!({ "after": 1, "through": 1 }));
    assert_eq!(rows(&notices[1]).len(), 0);
    assert_eq!(
        std::fs::read_to_string(&data_files(&notices[1])[0]).unwrap().lines().count(),
        1,
        "its header"
    );
    sandbox.run(&["apply", "town/moves.csv"]).expect(0);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    let paths: Vec<_> = sandbox.notices(PLAIN).iter().map(|path| path.to_str().unwrap().to_owned()).collect();
    sandbox.run(&["verify", &paths[0], &paths[1], &paths[2]]).expect(0);
}

#[test]
fn a_diff_needs_a_full() {
    let sandbox = Sandbox::loaded(30, 1);
    sandbox.generate(&[PLAIN], &["--diff"]).expect_fault(10, "engine.no-base").says("--full");
    assert_eq!(sandbox.published().len(), 0);
    // Extracts need none, and are none.
    let resident = sandbox.japanese().remove(0);
    sandbox.generate(&[PLAIN], &["--single", &resident]).expect(0);
    sandbox.generate(&[PLAIN], &["--diff"]).expect_fault(10, "engine.no-base");
}

#[test]
fn a_single_has_one_residents_rows_and_moves_no_state() {
    let sandbox = Sandbox::loaded(60, 24);
    sandbox.generate(&[BOM], &["--full"]).expect(0);
    sandbox.run(&["apply", "town/moves.csv"]).expect(0);
    let resident = "000000100000112";
    sandbox.generate(&[BOM], &["--single", resident]).expect(0);
    let notices = sandbox.notices(BOM);
    let found = rows(&notices[1]);
    assert!(found.len() >= 2 && found.iter().all(|row| row["宛名番号"] == resident), "{}", found.len());
    let single = notice(&notices[1]);
    assert_eq!((&single["kind"], &single["state_after"]), (&"single".into(), &Value::Null));
    verify(&sandbox, &notices[1]);
    // The diff that follows builds on the full.
    sandbox.generate(&[BOM], &["--diff"]).expect(0);
    let diff = notice(&sandbox.notices(BOM)[2]);
    assert_eq!((&diff["sequence"], &diff["base_sequence"]), (&3.into(), &1.into()));
    let missing = sandbox.generate(&[BOM], &["--single", "999999999999999"]);
    missing.expect_fault(10, "engine.no-such-resident").says_not("999999999999999");
    sandbox.generate(&[BOM], &["--single", "abc"]).expect(2);
}

#[test]
fn as_of_a_day_has_the_rows_that_held_then() {
    let sandbox = Sandbox::loaded(60, 24);
    sandbox.run(&["apply", "town/moves.csv"]).expect(0);
    sandbox.generate(&[BOM], &["--full"]).expect(0);
    sandbox.generate(&[BOM], &["--as-of", "2026-09-01"]).expect(0);
    let notices = sandbox.notices(BOM);
    let as_of = notice(&notices[1]);
    assert_eq!((&as_of["kind"], &as_of["as_of"]), (&"asof".into(), &"2026-09-01".into()));
    let then = rows(&notices[1]);
    let keys: Vec<&String> = then.iter().map(|row| &row["宛名番号"]).collect();
    assert!(keys.is_sorted_by(|one, other| one < other), "one row each, in order");
    let later: Vec<_> = then.iter().filter(|row| row["異動年月日"].as_str() > "2026-09-01").collect();
    assert!(later.is_empty(), "{} rows are of later moves", later.len());
    // 転居 on 2026-09-19: before it, another address held.
    let address = |rows: &[BTreeMap<String, String>]| {
        let of_one = rows.iter().filter(|row| row["宛名番号"] == "000000100000192");
        of_one.map(|row| row["住所_町字"].clone()).next_back().unwrap()
    };
    assert_ne!(address(&then), address(&rows(&notices[0])));
    verify(&sandbox, &notices[1]);
}

#[test]
fn parts_by_rows_are_numbered_and_the_last_is_marked() {
    let sandbox = Sandbox::loaded(60, 1);
    sandbox.replace("hub/hub.toml", "part_rows = 1000000", "part_rows = 25");
    sandbox.generate(&[ALL_ITEMS], &["--full"]).expect(0);
    let path = sandbox.notices(ALL_ITEMS).remove(0);
    let value = notice(&path);
    let files = value["files"].as_array().unwrap();
    let marks: Vec<bool> = files.iter().map(|file| file["is_last"].as_bool().unwrap()).collect();
    let n_rows: Vec<u64> = files.iter().map(|file| file["n_rows"].as_u64().unwrap()).collect();
    assert!(files.len() > 2 && marks.iter().filter(|mark| **mark).count() == 1 && marks[files.len() - 1]);
    assert!(n_rows[..files.len() - 1].iter().all(|n| *n == 25), "{n_rows:?}");
    for (index, file) in files.iter().enumerate() {
        let ending = format!("_0001-{:03}.csv", index + 1);
        assert!(file["name"].as_str().unwrap().ends_with(&ending), "{file}");
    }
    assert_eq!(rows(&path).len() as u64, value["n_rows"].as_u64().unwrap());
    verify(&sandbox, &path);
    // The parts changed nothing about the rendering: a diff builds on it whatever the limit is now.
    sandbox.replace("hub/hub.toml", "part_rows = 25", "part_rows = 1000");
    sandbox.generate(&[ALL_ITEMS], &["--diff"]).expect(0);
}

#[test]
fn parts_by_bytes_keep_to_their_limit() {
    let sandbox = Sandbox::loaded(200, 1);
    sandbox.replace("hub/hub.toml", "part_rows = 1000000", "part_bytes = 65536");
    sandbox.generate(&[ALL_ITEMS], &["--full"]).expect(0);
    let path = sandbox.notices(ALL_ITEMS).remove(0);
    let files = data_files(&path);
    assert!(files.len() > 2, "{}", files.len());
    for file in &files {
        assert!(std::fs::metadata(file).unwrap().len() <= 65536, "{}", file.display());
    }
    verify(&sandbox, &path);
}

#[test]
fn one_feeds_fault_does_not_keep_the_others_back() {
    let sandbox = Sandbox::loaded(30, 1);
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    let outcome = sandbox.generate(&[BOM, PLAIN, NUMBERS], &["--diff"]);
    outcome
        .expect_fault(10, "engine.no-base")
        .says("feed 001o005-v1.1 has no full")
        .says("001/001o005-00/v1.0");
    assert_eq!(sandbox.notices(PLAIN).len(), 2);
    assert_eq!(names(&sandbox.feed_folder(BOM)), Vec::<String>::new());
}

#[test]
fn an_unknown_feed_is_told_with_the_nearest_and_nothing_is_made() {
    let sandbox = Sandbox::loaded(30, 1);
    let outcome = sandbox.generate(&[PLAIN, "001o005-v1.2"], &["--full"]);
    outcome.expect_fault(2, "usage.unknown-feed").says("did you mean \"001o005-v1.");
    assert_eq!(sandbox.published().len(), 0);
    sandbox.run(&["publications", "001o05-v1.0"]).expect_fault(2, "usage.unknown-feed").says("001o005-v1.0");
    sandbox.run(&["generate", PLAIN]).expect(2);
    sandbox.generate(&[PLAIN], &["--full", "--diff"]).expect(2);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let sandbox = Sandbox::loaded(60, 24);
    let copy = sandbox.copy();
    for sandbox in [&sandbox, &copy] {
        sandbox.generate(&[PLAIN, NUMBERS], &["--full"]).expect(0);
        sandbox.run(&["apply", "town/moves.csv"]).expect(0);
        sandbox.generate(&[PLAIN, NUMBERS], &["--diff"]).expect(0);
    }
    assert!(sandbox.published() == copy.published());
}

#[test]
fn a_name_that_is_taken_by_a_stranger_is_not_overwritten() {
    let sandbox = Sandbox::loaded(30, 1);
    let name = "082201_001o005-00_F_20261002013000_0001.csv";
    sandbox.write(&format!("hub/share/001/001o005-00/v1.0/{name}"), "a stranger's");
    sandbox.generate(&[PLAIN], &["--full"]).expect_fault(10, "folder.name-taken").says(name);
    let path = sandbox.feed_folder(PLAIN).join(name);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a stranger's");
    assert_eq!(sandbox.notices(PLAIN).len(), 0);
    // Once the operator has moved it away, the next start finishes what was sealed.
    std::fs::remove_file(&path).unwrap();
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0).says("sequence 1");
    let paths: Vec<_> = sandbox.notices(PLAIN).iter().map(|path| path.to_str().unwrap().to_owned()).collect();
    sandbox.run(&["verify", &paths[0], &paths[1]]).expect(0);
}

#[test]
fn a_move_of_a_resident_is_in_the_diff_and_nobody_else() {
    let sandbox = Sandbox::loaded(60, 1);
    sandbox.generate(&[PLAIN, BOM], &["--full"]).expect(0);
    let resident = sandbox.japanese().remove(5);
    sandbox.write("renaming.csv", &renaming(&[(&resident, "架空　太郎")]));
    sandbox.run(&["apply", "renaming.csv"]).expect(0);
    sandbox.generate(&[PLAIN, BOM], &["--diff"]).expect(0);
    for feed in [PLAIN, BOM] {
        let found = rows(&sandbox.notices(feed)[1]);
        assert!(!found.is_empty() && found.iter().all(|row| row["宛名番号"] == resident), "{feed}");
        assert!(found.iter().any(|row| row["氏名"] == "架空　太郎"), "{feed}");
    }
}

#[test]
fn a_job_publishes_its_feeds() {
    let sandbox = Sandbox::loaded(30, 8);
    sandbox.run(&["run", "nightly"]).expect_fault(10, "engine.no-base");
    sandbox.replace("hub/jobs/nightly.toml", "content = \"diff\"", "content = \"full\"");
    sandbox.run(&["run", "nightly", "--date", "2026-10-01"]).expect(0);
    sandbox.replace("hub/jobs/nightly.toml", "content = \"full\"", "content = \"diff\"");
    sandbox.run(&["apply", "town/moves.csv"]).expect(0);
    let board = sandbox.run(&["run", "nightly", "--json"]).expect(0).json();
    assert_eq!(board.as_array().unwrap().len(), 5);
    assert_eq!(notice(&sandbox.notices(PLAIN)[0])["business_date"], "2026-10-01");
    sandbox.run(&["run", "nightli"]).expect(2).says("did you mean \"nightly\"?");
    sandbox.replace("hub/jobs/nightly.toml", "enabled = true", "enabled = false");
    sandbox.run(&["run", "nightly"]).expect_fault(2, "usage.disabled-job");
    assert_eq!(sandbox.notices(PLAIN).len(), 2);
}
