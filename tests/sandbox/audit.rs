//! Looking into the audit, which has no command of its own here.

use std::ffi::OsStr;
use std::process::Command;
use std::time::Duration;

use renkei_core::port::{AuditEntry, Store as _, StoreError};
use renkei_store::{NumberKey, OpenOptions, SqliteStore};

use super::{MUNICIPALITY, Sandbox};

impl Sandbox {
    /// All lines, oldest first.
    pub(crate) fn audit(&self) -> Vec<AuditEntry> {
        self.store().snapshot().unwrap().audit(0, 10_000).unwrap()
    }

    /// The number of the last line; `None` where there is no database, or none that can be read.
    pub(super) fn n_audited(&self) -> Option<u64> {
        let store = self.has_database().then(|| self.try_store().ok())??;
        Some(store.snapshot().ok()?.audit_head().ok()?.audit_no)
    }

    /// False before anything was loaded, and where the database is declared to be elsewhere.
    pub(super) fn has_database(&self) -> bool {
        self.path("hub/data/renkei.db").exists()
    }

    /// The hub's database.
    pub(crate) fn store(&self) -> SqliteStore {
        self.try_store().unwrap()
    }

    fn try_store(&self) -> Result<SqliteStore, StoreError> {
        let options = OpenOptions {
            wait: Duration::from_secs(10),
            key: NumberKey::from_file(&self.path("hub/secrets/number.key"))?,
            municipality: MUNICIPALITY.parse().unwrap(),
            create: false,
        };
        SqliteStore::open(&self.path("hub/data/renkei.db"), options)
    }
}

/// Whether a command asks for a change in the hub the sandbox has.
pub(super) fn is_change(command: &Command) -> bool {
    let args: Vec<_> = command.get_args().map(OsStr::to_owned).collect();
    let is_elsewhere = args.iter().any(|arg| arg == "--hub");
    let program = [command.get_program().to_owned()];
    !is_elsewhere && renkei_hub::asks_for_a_change(program.into_iter().chain(args))
}
