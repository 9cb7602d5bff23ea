//! `renkei verify`: whatever is done to files and notices is found, with the rule it breaks.

mod chains;
mod data;
mod notices;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::files::{copy_folder, data_files};
use crate::sandbox::{BOM, CP932, Outcome, PLAIN, Sandbox};

/// A hub with a full and two diffs of a few feeds.
fn hub() -> Sandbox {
    let sandbox = Sandbox::loaded(40, 16);
    sandbox.generate(&[PLAIN, BOM, CP932], &["--full"]).expect(0);
    for file in sandbox.cut_moves(2) {
        sandbox.run(&["apply", &file]).expect(0);
        sandbox.generate(&[PLAIN, BOM, CP932], &["--diff"]).expect(0);
    }
    sandbox
}

/// The words of all rules in a report.
fn rules(report: &Value) -> BTreeSet<String> {
    match report {
        Value::Object(fields) => {
            let own = fields.get("rule").and_then(Value::as_str).map(str::to_owned);
            fields.values().flat_map(rules).chain(own).collect()
        }
        Value::Array(values) => values.iter().flat_map(rules).collect(),
        _ => BTreeSet::new(),
    }
}

fn verify(sandbox: &Sandbox, notices: &[PathBuf], more: &[&str]) -> Outcome {
    let paths: Vec<&str> = notices.iter().map(|path| path.to_str().unwrap()).collect();
    sandbox.run(&[&["verify", "--json", "--layouts", "hub/layouts"], more, paths.as_slice()].concat())
}

/// The notices in a copy of a feed's folder: full, diff, diff.
fn copy_of(sandbox: &Sandbox, feed: &str, name: &str) -> [PathBuf; 3] {
    let folder = sandbox.path(&format!("copies/{}", name.replace(' ', "-")));
    fs::create_dir_all(&folder).unwrap();
    copy_folder(&sandbox.feed_folder(feed), &folder);
    let copied: Vec<PathBuf> =
        sandbox.notices(feed).iter().map(|path| folder.join(path.file_name().unwrap())).collect();
    copied.try_into().unwrap()
}

fn data_of(notice: &Path) -> PathBuf {
    data_files(notice)[0].clone()
}

/// Tampers with a copy of a chain and checks that the rules are among those found.
fn check(sandbox: &Sandbox, name: &str, tamper: &dyn Fn(&[PathBuf; 3]), expected: &[&str]) {
    let notices = copy_of(sandbox, PLAIN, name);
    tamper(&notices);
    let outcome = verify(sandbox, &notices, &[]);
    outcome.require(outcome.status.code() == Some(1), &format!("{name}: exit code 1"));
    let found = rules(&outcome.json());
    let missing: Vec<_> = expected.iter().filter(|rule| !found.contains(**rule)).collect();
    outcome.require(missing.is_empty(), &format!("{name}: {missing:?} among {found:?}"));
    outcome.says_not("passwd");
}
