//! SQLite against the behaviour suite.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may end so")]

mod behaviour;

use std::time::Duration;

use behaviour::Fixture;
use renkei_core::port::Store;
use renkei_store::{NumberKey, OpenOptions, SqliteStore};

/// A database in a folder of its own.
struct SqliteFixture(tempfile::TempDir);

impl Fixture for SqliteFixture {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn open(&self, wait: Duration) -> Box<dyn Store> {
        let options = OpenOptions {
            wait,
            key: NumberKey::from_hex(&"5a".repeat(32)).unwrap(),
            municipality: "082201".parse().unwrap(),
            create: true,
        };
        Box::new(SqliteStore::open(&self.0.path().join("renkei.db"), options).unwrap())
    }
}

behaviour_suite!(SqliteFixture);
