//! Sets that are not to be taken, through the hub's intake: each is refused for what is wrong with it, put into
//! quarantine, answered, and changes nothing that is held.

use std::collections::BTreeMap;
use std::path::Path;

use crate::partner::{INBOX, hub, quarantine};
use crate::sandbox::{Outcome, Sandbox, files, flaws};

/// 2031, in unix seconds: by then whatever was put down today has stood unchanged for long.
const MUCH_LATER: &str = "1930000000";

/// What is held of 介護保険, whole rows.
fn held(sandbox: &Sandbox) -> BTreeMap<String, Vec<Option<String>>> {
    let database = rusqlite::Connection::open(sandbox.path("hub/data/renkei.db")).unwrap();
    let mut rows = database.prepare("SELECT * FROM kaigo_v1_0").unwrap();
    let n_columns = rows.column_count();
    let read = |row: &rusqlite::Row<'_>| {
        let values = (0..n_columns).map(|column| row.get::<_, Option<String>>(column).unwrap());
        Ok((row.get::<_, String>("hihokensha_no")?, values.collect()))
    };
    rows.query_map([], read).unwrap().map(Result::unwrap).collect()
}

fn look(sandbox: &Sandbox) -> Outcome {
    sandbox.run_with(&[("RENKEI_NOW", MUCH_LATER)], &["intake", "look", "kaigo"])
}

#[test]
fn every_flaw_is_refused_for_what_it_is_and_changes_nothing() {
    let base = hub();
    let accept = "accept = [{ layout = \"023z001-1.0\" }]";
    base.replace(
        "hub/hub.toml",
        accept,
        "accept = [{ layout = \"023z001-1.0\", until = 2030-12-31 }]\nneeds_proof = true",
    );
    flaws::put(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sets/base"), &base.path(INBOX));
    look(&base).expect(0).says("added 6,");
    let before = held(&base);
    assert_eq!(before.len(), 6);
    let (mut found, mut wanted) = (BTreeMap::new(), BTreeMap::new());
    for (name, set) in flaws::all() {
        let sandbox = base.copy().noted(name.clone());
        flaws::put(&set, &sandbox.path(INBOX));
        let expected = flaws::expected(&set);
        if expected == ["incomplete"] {
            look(&sandbox).expect(10).says("incomplete");
            assert_eq!(quarantine(&sandbox).len(), 0, "{name}");
        } else {
            look(&sandbox).expect(11);
            let [place] = quarantine(&sandbox).try_into().unwrap();
            found.insert(name.clone(), flaws::codes(&place.join("reason.json")));
            wanted.insert(name.clone(), expected.clone());
            assert!(place.join("reason.txt").exists(), "{name}");
            let answers = files::names(&sandbox.path(crate::partner::ANSWER));
            let n_receipts = answers.iter().filter(|name| name.ends_with(".receipt.json")).count();
            assert_eq!(n_receipts, 2, "{name}: {answers:?}");
        }
        assert_eq!(held(&sandbox), before, "{name}");
        assert_eq!(std::fs::read_dir(sandbox.path("hub/share/.stage")).unwrap().count(), 0, "{name}");
    }
    assert_eq!(found, wanted);
}
