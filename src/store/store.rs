//! The store itself: one database file, a connection for each snapshot and each transaction.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use renkei_core::port::{Snapshot, Store, StoreError, Transaction};
use renkei_registry::MunicipalityCode;
use rusqlite::Connection;

use crate::errors::SqliteError;
use crate::key::NumberKey;
use crate::residents::Residents;
use crate::seal::NumberSeal;
use crate::snapshot::SqliteSnapshot;
use crate::transaction::SqliteTransaction;
use crate::{connection, migrate, owner, volume};

/// How to open a database.
#[derive(Debug)]
pub struct OpenOptions {
    /// How long a writer waits for another's end; zero refuses at once. Up to about 24 days.
    pub wait: Duration,
    /// The key for 個人番号; fixed when the database is made.
    pub key: NumberKey,
    /// The municipality; fixed when the database is made.
    pub municipality: MunicipalityCode,
    /// Whether a missing database is made (readable by its owner only) or is an error.
    pub create: bool,
}

/// A SQLite database behind the store port.
pub struct SqliteStore {
    path: PathBuf,
    wait: Duration,
    seal: NumberSeal,
    residents: Residents,
    /// Held for the store's life: while a connection is open, no other one's end clears the WAL away.
    _keeper: Mutex<Connection>,
}

impl SqliteStore {
    /// Opens the database, brings its schema up to date, and checks that municipality and key are its own.
    pub fn open(path: &Path, options: OpenOptions) -> Result<Self, StoreError> {
        let OpenOptions { wait, key, municipality, create } = options;
        volume::require_local(path)?;
        if create {
            connection::create_file(path)?;
        }
        let seal = NumberSeal::new(&key, municipality);
        let (keeper, residents) = connection::patiently(wait, || {
            let keeper = connection::writer(path, wait)?;
            migrate::migrate(&keeper, &migrate::HUB)?;
            let residents = owner::claim(&keeper, municipality, &seal)?;
            Ok((keeper, residents))
        })?;
        Ok(Self { path: path.to_owned(), wait, seal, residents, _keeper: Mutex::new(keeper) })
    }

    /// Where the database stands.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads all of the database and says whether its pages and rows agree; takes as long as reading does.
    /// Damage is [`StoreError::Corrupt`] with the first place.
    pub fn quick_check(&self) -> Result<(), StoreError> {
        let connection = connection::reader(&self.path, self.wait)?;
        let said = connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))
            .map_err(SqliteError::from)?;
        // What it says names tables and pages, never values.
        if said == "ok" { Ok(()) } else { Err(StoreError::Corrupt { detail: said }) }
    }
}

impl Store for SqliteStore {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, StoreError> {
        let connection = connection::reader(&self.path, self.wait)?;
        Ok(Box::new(SqliteSnapshot::begin(connection, &self.seal, self.residents)?))
    }

    fn begin(&self) -> Result<Box<dyn Transaction + '_>, StoreError> {
        let connection = connection::writer(&self.path, self.wait)?;
        Ok(Box::new(SqliteTransaction::begin(connection, &self.seal, self.residents)?))
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}
