//! Sets that are not to be taken, through the agent: the same that the hub refuses, for the same reasons.

use std::collections::BTreeMap;
use std::path::Path;

use crate::agent::{RECEIVER, table};
use crate::sandbox::{Outcome, Sandbox, files, flaws};
use crate::taking::MUCH_LATER;

const INBOX: &str = "share/023/out";

fn receive(sandbox: &Sandbox) -> Outcome {
    sandbox.run_with(&[("RENKEI_NOW", MUCH_LATER)], &["receive"])
}

#[test]
fn every_flaw_is_refused_for_what_it_is_and_changes_nothing() {
    let base = Sandbox::new();
    base.write(
        "receive.toml",
        &format!(
            "municipality = \"082201\"\nreceiver = \"{RECEIVER}\"\nshare = \"share\"\nfolder = \"agent\"\n\n[target]\n\
             sqlite = \"agent/receive.db\"\n\n[[intake]]\nid = \"kaigo\"\nfrom = \"023\"\nfolders = [\"023/out\"]\n\
             accept = [{{ layout = \"023z001-1.0\", until = 2030-12-31 }}]\n"
        ),
    );
    flaws::put(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sets/base"), &base.path(INBOX));
    receive(&base).expect(0).says("added 6,");
    let before = table(&base, "kaigo_v1_0");
    assert_eq!(before.len(), 6);
    let (mut found, mut wanted) = (BTreeMap::new(), BTreeMap::new());
    for (name, set) in flaws::all() {
        let sandbox = base.copy().noted(name.clone());
        flaws::put(&set, &sandbox.path(INBOX));
        let expected = flaws::expected(&set);
        let quarantine = sandbox.path("agent/.quarantine");
        if expected == ["incomplete"] {
            receive(&sandbox).expect(10).says("incomplete");
            assert!(files::tree(&quarantine).lines().count() <= 1, "{name}");
        } else {
            receive(&sandbox).expect(11);
            let places: Vec<_> =
                std::fs::read_dir(&quarantine).unwrap().map(|at| at.unwrap().path()).collect();
            assert_eq!(places.len(), 1, "{name}");
            found.insert(name.clone(), flaws::codes(&places[0].join("reason.json")));
            wanted.insert(name.clone(), expected.clone());
            let receipts = sandbox.path(&format!("share/{RECEIVER}/receipt"));
            let receipts = files::names(&receipts);
            let n_receipts = receipts.iter().filter(|name| name.ends_with(".receipt.json")).count();
            assert_eq!(n_receipts, 2, "{name}: {receipts:?}");
        }
        assert_eq!(table(&sandbox, "kaigo_v1_0"), before, "{name}");
    }
    assert_eq!(found, wanted);
}
