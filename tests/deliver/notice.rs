//! A notice for a file whose sender cannot make one.

use std::fs;

use crate::hub::hub_without;
use crate::sandbox::files::{data_files, ends_with, names};
use crate::sandbox::{NOW, PLAIN};

#[test]
fn the_same_notice_is_made_again_after_midnight() {
    let sandbox = hub_without();
    let data = data_files(&sandbox.notices(PLAIN)[0])[0].clone();
    let name = data.file_name().unwrap().to_str().unwrap();
    let folder = sandbox.path("received");
    fs::create_dir(&folder).unwrap();
    fs::copy(&data, folder.join(name)).unwrap();
    let file = format!("received/{name}");
    let make = |now: u64, more: &[&str]| {
        let args = ["notice", "make", &file, "--layout", PLAIN_LAYOUT, "--sequence", "7"];
        sandbox.run_with(&[("RENKEI_NOW", &now.to_string())], &[&args, more].concat())
    };
    let now: u64 = NOW.parse().unwrap();
    make(now, &[]).expect(0);
    let done = folder.join(names(&folder).into_iter().find(|name| ends_with(name, "done")).unwrap());
    let first = fs::read(&done).unwrap();
    make(now + 24 * 60 * 60, &[]).expect(0);
    assert!(fs::read(&done).unwrap() == first);
    assert_eq!(names(&folder).len(), 2, "{:?}", names(&folder));
    // Another notice under the name is still refused.
    make(now, &["--business-date", "2026-09-30"]).expect(10);
    assert!(fs::read(&done).unwrap() == first);
    assert_eq!(names(&folder).len(), 2, "{:?}", names(&folder));

    // Each call is on record.
    let lines = sandbox.audit();
    let action = format!("notice make {name}");
    let results: Vec<&str> =
        lines.iter().filter(|line| line.action == action).map(|line| line.result.as_str()).collect();
    assert_eq!(results, ["done", "done", "refused (hub.write)"]);
}

#[test]
fn a_notice_is_made_where_no_hub_is() {
    let sandbox = hub_without();
    let data = data_files(&sandbox.notices(PLAIN)[0])[0].clone();
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join(data.file_name().unwrap());
    fs::copy(&data, &file).unwrap();
    let args = ["notice", "make", file.to_str().unwrap(), "--layout", PLAIN_LAYOUT, "--sequence", "7"];
    let mut command = sandbox.command(&args);
    command.env_remove("RENKEI_HUB").current_dir(elsewhere.path());
    let output = command.output().unwrap();
    sandbox.outcome(&command, &output).expect(0);
    assert_eq!(names(elsewhere.path()).len(), 2);
}

const PLAIN_LAYOUT: &str = "001o005-1.0";
