//! What partners are given to test with, and what is said of their files.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

use super::tests::{Ended, call_words};
use crate::Exit;
use crate::console::Lang;

/// Calls a command; words are as they stand.
fn run(words: &[&str]) -> Ended {
    call_words(Lang::En, std::iter::once("renkei").chain(words.iter().copied()).map(OsString::from))
}

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{}{}", ended.out, ended.err))
}

fn notices(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = names
        .filter(|path| path.extension().is_some_and(|ending| ending == "done"))
        .map(|path| path.to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// The words of all rules in a report.
fn rules(report: &Value) -> Vec<String> {
    match report {
        Value::Object(fields) => {
            let own = fields.get("rule").and_then(Value::as_str).map(str::to_owned);
            fields.values().flat_map(rules).chain(own).collect()
        }
        Value::Array(values) => values.iter().flat_map(rules).collect(),
        _ => Vec::new(),
    }
}

/// Every file below a folder with its bytes and the time it was written.
fn tree(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let changed = fs::metadata(&path).unwrap().modified().unwrap();
        if path.is_dir() {
            found.extend(tree(&path));
            found.insert(path, (Vec::new(), changed));
        } else {
            found.insert(path.clone(), (fs::read(&path).unwrap(), changed));
        }
    }
    found
}

/// Samples of a layout in a folder of their own.
fn sampled(layout: &str) -> (tempfile::TempDir, Value) {
    let folder = tempfile::tempdir().unwrap();
    let made = run(&["sample", layout, "--out", folder.path().to_str().unwrap(), "--rows", "8", "--json"]);
    assert_eq!(made.exit, Exit::Ok, "{}", made.err);
    let made = json(&made);
    (folder, made)
}

#[test]
fn conform_says_of_every_sample_what_is_expected() {
    for (layout, _) in crate::init::shipped_layouts() {
        let (folder, made) = sampled(layout);
        let samples = made["samples"].as_array().unwrap();
        assert!(samples.len() >= 20, "{layout}: {} samples", samples.len());
        for sample in samples {
            let name = sample["folder"].as_str().unwrap();
            let notices = notices(&folder.path().join(name));
            let words: Vec<&str> = notices.iter().map(String::as_str).collect();
            let said = run(&[&["conform", "--json"], words.as_slice()].concat());
            let report = json(&said);
            let expected = if sample["conforms"] == true { Exit::Ok } else { Exit::Issues };
            assert_eq!(said.exit, expected, "{layout} {name}: {}", said.out);
            let found = rules(&report);
            match sample["rule"].as_str() {
                None => assert_eq!(report["n_errors"], 0, "{layout} {name}: {}", said.out),
                Some(rule) => assert!(found.iter().any(|word| word == rule), "{layout} {name}: {found:?}"),
            }
            assert!(!said.out.contains("passwd"), "{layout} {name}: {}", said.out);
        }
        let chain = notices(&folder.path().join("valid-chain"));
        let report = json(&run(&["conform", "--json", &chain[0], &chain[1]]));
        assert!(report["proven_state"].is_object(), "{layout}: the chain is proven");
        let again = sampled(layout).0;
        let bytes =
            |folder: &Path| -> Vec<Vec<u8>> { tree(folder).into_values().map(|(bytes, _)| bytes).collect() };
        assert_eq!(bytes(folder.path()), bytes(again.path()), "{layout}: the same again");
    }
}

#[test]
fn conforming_changes_nothing_and_reports_all() {
    let (folder, _) = sampled("024z001");
    let before = tree(folder.path());
    let notice = notices(&folder.path().join("bad-unknown-code")).remove(0);
    let report = tempfile::tempdir().unwrap();
    let out = report.path().join("out");
    let html = report.path().join("page.html");
    let said = run(&["conform", &notice, "--out", out.to_str().unwrap(), "--html", html.to_str().unwrap()]);
    assert_eq!(said.exit, Exit::Issues);
    assert!(said.out.starts_with("Verdict: DOES NOT CONFORM (errors 1, warnings 0)\n"), "{}", said.out);
    let errors = fs::read_to_string(out.join("errors.csv")).unwrap();
    assert_eq!(errors.lines().count(), 2, "{errors}");
    assert!(
        errors.starts_with('\u{feff}') && errors.contains("\"9\"") && errors.contains("\"unknown-code\"")
    );
    let page = fs::read_to_string(&html).unwrap();
    assert_eq!(page, fs::read_to_string(out.join("report.html")).unwrap());
    assert!(page.contains("unknown-code") && page.contains("適合確認報告"));
    assert!(out.join("report.json").exists() && out.join("report.txt").exists());
    let data = notice.replace(".done", ".csv");
    assert_eq!(run(&["conform", &data]).exit, Exit::Issues, "the layout is known by the header row");
    assert_eq!(run(&["conform", &data, "--layout", "024z001-1.0"]).exit, Exit::Issues);
    assert_eq!(run(&["conform", &data, "--layout", "024z001-1"]).exit, Exit::Usage);
    assert_eq!(tree(folder.path()), before, "not a byte and not a time is another");
}

#[test]
fn what_lies_in_check_is_reported_on_once() {
    let folder = tempfile::tempdir().unwrap();
    let hub = folder.path().join("hub");
    let hub_name = hub.to_str().unwrap();
    assert_eq!(run(&["init", hub_name]).exit, Exit::Ok);
    let config = fs::read_to_string(hub.join("hub.toml")).unwrap();
    let system = config.split("[[system]]").nth(1).unwrap().split("id = \"").nth(1).unwrap();
    let system = system.split('"').next().unwrap();
    let check = hub.join("share").join(system).join("check");
    fs::create_dir_all(&check).unwrap();
    let (samples, _) = sampled("024z001");
    for sample in ["valid-full", "bad-gap"] {
        for entry in fs::read_dir(samples.path().join(sample)).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, check.join(path.file_name().unwrap())).unwrap();
        }
    }
    fs::write(check.join("alone.csv"), "what is this\r\n").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", check.join("link.csv")).unwrap();
    let before = tree(&check);
    let look = || {
        let said = run(&["--hub", hub_name, "conform", "--check-folders", "--json"]);
        assert_eq!(said.exit, Exit::Ok, "{}", said.err);
        json(&said)["reports"].as_array().unwrap().clone()
    };
    let verdicts: Vec<String> =
        look().iter().map(|made| made["verdict"].as_str().unwrap().to_owned()).collect();
    assert_eq!(verdicts, ["conforms", "conforms", "does-not-conform"], "full, diff alone, no layout");
    let mut after = tree(&check);
    after.retain(|path, _| !path.starts_with(check.join("report")));
    let bytes = |tree: &BTreeMap<PathBuf, (Vec<u8>, SystemTime)>| -> Vec<(PathBuf, Vec<u8>)> {
        tree.iter().map(|(path, (bytes, _))| (path.clone(), bytes.clone())).collect()
    };
    assert_eq!(bytes(&after), bytes(&before), "what was dropped stays");
    assert_eq!(fs::read_dir(check.join("report")).unwrap().count(), 9, "three forms of three reports");
    assert!(look().is_empty(), "what is unchanged is not reported on again");
    fs::write(check.join("alone.csv"), "something else\r\n").unwrap();
    assert_eq!(look().len(), 1, "what changed is");
}
