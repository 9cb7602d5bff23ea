//! The agent beside a sandbox's hub, and what it holds.

use std::collections::{BTreeMap, BTreeSet};

use crate::sandbox::moves::fields;
use crate::sandbox::{Outcome, PLAIN, Sandbox, files};

/// Who receives.
pub(crate) const RECEIVER: &str = "015";

/// A declaration that takes 001o005 from the sandbox's hub; `more` is added to its one intake.
pub(crate) fn declare(sandbox: &Sandbox, accept: &str, more: &str) {
    let text = format!(
        r#"municipality = "082201"
receiver = "{RECEIVER}"
share = "hub/share"
folder = "agent"

[target]
sqlite = "agent/receive.db"

[[intake]]
id = "jumin"
from = "001"
folders = ["001/001o005-00/v1.0", "001/001o005-00/v1.1"]
accept = [{accept}]
{more}

[intake.guard]
max_share = "none"
max_deleted_share = "none"
max_shrink = "none"
max_growth = "none"
learned = false
"#
    );
    sandbox.write("receive.toml", &text);
}

/// Version 1.0 at all times.
pub(crate) const V1_0: &str = r#"{ layout = "001o005-1.0" }"#;

impl Sandbox {
    /// One call of the agent.
    pub(crate) fn receive(&self, more: &[&str]) -> Outcome {
        self.run(&[&["receive"], more].concat())
    }
}

/// The rows of a table the agent keeps, each as its values in order.
pub(crate) fn table(sandbox: &Sandbox, name: &str) -> BTreeSet<Vec<String>> {
    let database = rusqlite::Connection::open(sandbox.path("agent/receive.db")).unwrap();
    let mut rows = database.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
    let n_columns = rows.column_count();
    let read = |row: &rusqlite::Row<'_>| (0..n_columns).map(|index| row.get(index)).collect();
    rows.query_map([], read).unwrap().map(Result::unwrap).collect()
}

/// The rows of the last publication of a feed, a full, as a plain reading of its files gives them.
pub(crate) fn last_full(sandbox: &Sandbox, feed: &str) -> BTreeSet<Vec<String>> {
    let notice = sandbox.notices(feed).pop().unwrap();
    let data = std::fs::read_to_string(notice.with_extension("csv")).unwrap();
    data.trim_start_matches('\u{feff}').lines().skip(1).map(fields).collect()
}

/// The outcomes of all receipts in the receiver's folder, by the notice they answer.
pub(crate) fn receipts(sandbox: &Sandbox) -> BTreeMap<String, BTreeSet<String>> {
    let folder = sandbox.path(&format!("hub/share/{RECEIVER}/receipt"));
    let mut found = BTreeMap::<String, BTreeSet<String>>::new();
    for name in files::names(&folder).iter().filter(|name| name.ends_with(".receipt.json")) {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        let receipt: serde_json::Value = serde_json::from_str(&text).unwrap();
        let text = |key: &str| receipt[key].as_str().unwrap().to_owned();
        found.entry(text("notice")).or_default().insert(text("outcome"));
    }
    found
}

/// What the registry has, as the plain feed shows it.
pub(crate) fn expected(sandbox: &Sandbox) -> BTreeSet<Vec<String>> {
    let copy = sandbox.copy();
    copy.generate(&[PLAIN], &["--full"]).expect(0);
    last_full(&copy, PLAIN)
}

/// The receiver's line of the plain feed in the ledger, once all receipts are in, in 2031.
pub(crate) fn line(sandbox: &Sandbox) -> serde_json::Value {
    let args = ["ledger", PLAIN, "--receiver", RECEIVER, "--json"];
    sandbox.run_with(&[("RENKEI_NOW", "1930001000")], &args).expect(0).json()[0].clone()
}
