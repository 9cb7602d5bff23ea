//! Looking into the audit, which has no command of its own here.

use std::time::Duration;

use renkei_core::port::{AuditEntry, Store as _};
use renkei_store::{NumberKey, OpenOptions, SqliteStore};

use super::{MUNICIPALITY, Sandbox};

impl Sandbox {
    /// All lines, oldest first.
    pub(crate) fn audit(&self) -> Vec<AuditEntry> {
        self.store().snapshot().unwrap().audit(0, 10_000).unwrap()
    }

    /// The hub's database.
    pub(crate) fn store(&self) -> SqliteStore {
        let options = OpenOptions {
            wait: Duration::from_secs(10),
            key: NumberKey::from_file(&self.path("hub/secrets/number.key")).unwrap(),
            municipality: MUNICIPALITY.parse().unwrap(),
            create: false,
        };
        SqliteStore::open(&self.path("hub/data/renkei.db"), options).unwrap()
    }
}
