//! What a hub holds: everything that must be the same whether it was disturbed or not.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use renkei_core::audit::{AuditLink, Verifier};
use renkei_core::port::{AuditEntry, Numbers, RowSet, RunState, Store as _};
use renkei_core::{CommitNo, Digest, Window};
use renkei_store::{NumberKey, OpenOptions, SqliteStore};
use sha2::{Digest as _, Sha256};

use crate::sandbox::{MUNICIPALITY, Sandbox, files};

/// The content of a hub. Left out are the ids and times of runs, which differ from run to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HubState {
    /// `renkei commits --json`.
    commits: serde_json::Value,
    /// `renkei publications --json`.
    publications: serde_json::Value,
    /// What the list above does not show: windows, renderings, notices, states, progress.
    records: Vec<String>,
    /// Digests over all rows in clear, and over the rows of each changed resident after each commit.
    rows: BTreeMap<String, String>,
    /// The audit without its chain, which is verified by itself, and without lines on commands that were cut off
    /// or refused: how often a hub was started again is no part of where it ends.
    audit: Vec<String>,
    /// Published files with their bytes.
    published: BTreeMap<String, String>,
    /// The hub's own folders with their bytes: stages must be gone.
    own: BTreeMap<String, String>,
}

impl HubState {
    /// Reads it through the program and through the store's own port.
    pub(crate) fn of(sandbox: &Sandbox) -> Self {
        let (records, rows, audit) = read_store(sandbox);
        let digests = |files: BTreeMap<String, Vec<u8>>| {
            files.into_iter().map(|(name, bytes)| (name, files::sha256(&bytes))).collect()
        };
        let mut own = files::read_tree(&sandbox.path("hub/share"), |_| true);
        own.retain(|name, _| name.starts_with('.'));
        // Stages and places of the quarantine are named after runs.
        let own = own.into_iter().map(|(name, bytes)| (without_run_id(&name), bytes)).collect();
        Self {
            commits: sandbox.run(&["commits", "--json", "--last", "1000"]).expect(0).json(),
            publications: sandbox.run(&["publications", "--json"]).expect(0).json(),
            records,
            rows,
            audit,
            published: digests(sandbox.published()),
            own: digests(own),
        }
    }
}

/// A path with `run` in place of the id of a run.
fn without_run_id(path: &str) -> String {
    let parts = path.split('/').map(|part| match part.rsplit_once('-') {
        Some((start, id)) if id.len() == 26 => format!("{start}-run"),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

type StoreState = (Vec<String>, BTreeMap<String, String>, Vec<String>);

fn read_store(sandbox: &Sandbox) -> StoreState {
    let options = OpenOptions {
        wait: Duration::from_secs(10),
        key: NumberKey::from_file(&sandbox.path("hub/secrets/number.key")).unwrap(),
        municipality: MUNICIPALITY.parse().unwrap(),
        create: false,
    };
    let store = SqliteStore::open(&sandbox.path("hub/data/renkei.db"), options).unwrap();
    let snapshot = store.snapshot().unwrap();
    let records = snapshot.publications(None, None).unwrap().into_iter().map(|mut record| {
        record.run_id.clear();
        format!("{record:?}")
    });
    let mut rows = BTreeMap::new();
    for set in [RowSet::Latest, RowSet::History] {
        let (mut hash, mut n_rows) = (Sha256::new(), 0);
        let mut each = |packed: &[u8]| {
            hash.update(packed.len().to_be_bytes());
            hash.update(packed);
            n_rows += 1;
            ControlFlow::Continue(())
        };
        snapshot.scan(set, Numbers::Clear, &mut each).unwrap();
        rows.insert(format!("{set:?}"), format!("{n_rows} rows, {:x?}", hash.finalize()));
    }
    let head = snapshot.head().unwrap();
    for no in 1..=head.0 {
        let window = Window { after: CommitNo(no - 1), through: CommitNo(no) };
        for atena_no in snapshot.changed_residents(window).unwrap() {
            let kept = snapshot.rows_of(atena_no, CommitNo(no), Numbers::Clear).unwrap();
            rows.insert(format!("commit {no}, {atena_no:?}"), files::sha256(&kept.concat()));
        }
    }
    let audit = snapshot.audit(0, 10_000).unwrap();
    let mut verifier = Verifier::new(AuditLink::START, None);
    verifier.take(&audit);
    assert_eq!(verifier.end().faults, []);
    let running = snapshot.runs(10_000).unwrap().into_iter().find(|run| run.state == RunState::Running);
    assert_eq!(running, None, "a run is still said to be under way");
    let is_done = |line: &AuditEntry| line.result != "interrupted" && !line.result.starts_with("refused (");
    let audit = audit.into_iter().filter(is_done);
    let audit = audit.map(|line| AuditEntry { audit_no: 0, chain_sha256: Digest([0; 32]), ..line });
    (records.collect(), rows, audit.map(|line| format!("{line:?}")).collect())
}
