//! A hub with a destination.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::sandbox::files::read_tree;
use crate::sandbox::{Outcome, PLAIN, Sandbox, moves};

/// A hub with a full and a diff of [`PLAIN`], and this destination, called `tax`, for its receiver 015.
pub(crate) fn hub(destination: &str) -> Sandbox {
    let sandbox = Sandbox::loaded(40, 8);
    declare(&sandbox, destination);
    published_twice(sandbox)
}

/// The same without a destination.
pub(crate) fn hub_without() -> Sandbox {
    published_twice(Sandbox::loaded(40, 8))
}

fn published_twice(sandbox: Sandbox) -> Sandbox {
    sandbox.generate(&[PLAIN], &["--full"]).expect(0);
    let names = sandbox.japanese();
    sandbox.write("renaming.csv", &moves::renaming(&[(&names[0], "山田　改")]));
    sandbox.run(&["apply", "renaming.csv"]).expect(0);
    sandbox.generate(&[PLAIN], &["--diff"]).expect(0);
    sandbox
}

/// Adds a destination to `hub.toml`.
pub(crate) fn declare(sandbox: &Sandbox, destination: &str) {
    declare_as(sandbox, "tax", destination);
}

/// The same with another id.
pub(crate) fn declare_as(sandbox: &Sandbox, id: &str, destination: &str) {
    let path = sandbox.path("hub/hub.toml");
    let whole = fs::read_to_string(&path).unwrap();
    let head = format!("[[destination]]\nid = \"{id}\"\nsystem = \"015\"\n");
    fs::write(path, format!("{whole}\n{head}{destination}\n")).unwrap();
}

pub(crate) fn deliver(sandbox: &Sandbox, more: &[&str]) -> Outcome {
    sandbox.run(&[&["deliver", "tax", "--reason", "試験"], more].concat())
}

/// The lines of `renkei deliveries --all`: sequence, state and fault.
pub(crate) fn lines(sandbox: &Sandbox) -> Vec<(u64, String, String)> {
    let told = sandbox.run(&["deliveries", "--all", "--json"]);
    let line = |line: &Value| {
        let text = |key: &str| line[key].as_str().unwrap_or("-").to_owned();
        (line["sequence"].as_u64().unwrap(), text("state"), text("fault_code"))
    };
    told.json().as_array().unwrap().iter().map(line).collect()
}

/// What a feed's folder has, by name.
pub(crate) fn published(sandbox: &Sandbox) -> BTreeMap<String, Vec<u8>> {
    read_tree(&sandbox.feed_folder(PLAIN), |_| true)
}

/// What a destination's folder has, by name, hidden files too.
pub(crate) fn arrived(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    read_tree(folder, |_| true)
}

/// The feed's delivered events in the ledger, by sequence.
pub(crate) fn delivered_events(sandbox: &Sandbox) -> Vec<u64> {
    let told = sandbox.run(&["ledger", "show", PLAIN, "--json"]).expect(0).json();
    let events = told.as_array().cloned().or_else(|| told["events"].as_array().cloned()).unwrap();
    let delivered =
        events.iter().filter(|event| event["kind"] == "delivered" || event["event"] == "delivered");
    delivered.map(|event| event["sequence"].as_u64().unwrap()).collect()
}
