//! Where a hub works: its database and folders, opened; and the files beside the database that processes of
//! one hub find each other by.

use std::path::{Path, PathBuf};
use std::time::Duration;

use renkei_core::port::StoreError;
use renkei_core::retention::Rules;
use renkei_engine::{House, Witness};
use renkei_folder::LocalFolders;
use renkei_registry::MunicipalityCode;
use renkei_store::intake::SqliteIntake;
use renkei_store::{NumberKey, OpenOptions, SqliteStore};

use crate::clock::HubClock;
use crate::config::Config;
use crate::{Failure, HubError};

/// An opened hub.
pub(crate) struct Premises {
    pub(crate) store: SqliteStore,
    pub(crate) folders: LocalFolders,
    pub(crate) clock: HubClock,
    municipality: MunicipalityCode,
    retention: Rules,
    database: PathBuf,
    wait: Duration,
}

impl Premises {
    /// Opens database and folders. A writer waits `wait` for another's end. `create` makes what is missing.
    pub(crate) fn open(
        config: &Config,
        clock: HubClock,
        wait: Duration,
        create: bool,
    ) -> Result<Self, Failure> {
        let store = open_store(config, wait, create)?;
        let differences = crate::reconcile::reports_folder(config);
        let folders = LocalFolders::open(&config.root)?.with_differences(differences);
        if create {
            make_inboxes(&folders, config);
        }
        Ok(Self {
            store,
            folders,
            clock,
            municipality: config.municipality,
            retention: config.retention,
            database: config.store.path.clone(),
            wait,
        })
    }

    /// What the hub holds of others' interfaces: beside its own tables, in the same database.
    pub(crate) fn intake_store(&self) -> Result<SqliteIntake, StoreError> {
        SqliteIntake::open(&self.database, self.wait)
    }

    /// What the use cases work with.
    pub(crate) fn house<'p>(&'p self, witness: &'p dyn Witness, operator: &'p str) -> House<'p> {
        House {
            store: &self.store,
            folders: &self.folders,
            municipality: self.municipality,
            clock: &self.clock,
            witness,
            operator,
            reason: "",
            parent: None,
            retention: &self.retention,
        }
    }
}

/// The files by which the processes of one hub know of each other.
#[derive(Debug, Clone)]
pub(crate) struct Beside {
    /// Held by whoever writes to database and folders.
    pub(crate) root_lock: PathBuf,
    /// Held by the daemon for its life.
    pub(crate) daemon_lock: PathBuf,
    /// Where the daemon listens.
    pub(crate) socket: PathBuf,
}

impl Beside {
    /// Of a hub with this configuration.
    pub(crate) fn of(config: &Config) -> Self {
        let beside = |name: &str| config.store.path.with_file_name(name);
        Self {
            root_lock: beside("renkei.lock"),
            daemon_lock: beside("daemon.lock"),
            socket: beside("daemon.sock"),
        }
    }
}

/// Opens the database with the hub's key: for a command that needs no folders. A writer waits `wait` for another's
/// end. `create` makes what is missing.
pub(crate) fn open_store(config: &Config, wait: Duration, create: bool) -> Result<SqliteStore, StoreError> {
    let key = NumberKey::read(&config.store.number_key)?;
    let options = OpenOptions { wait, key, municipality: config.municipality, create };
    SqliteStore::open(&config.store.path, options)
}

/// Makes the folders that a hub that writes must have.
pub(crate) fn make_folders(config: &Config) -> Result<(), HubError> {
    let make = |folder: &Path| {
        std::fs::create_dir_all(folder).map_err(|source| HubError::Write { path: folder.to_owned(), source })
    };
    config.store.path.parent().map_or(Ok(()), make)?;
    make(&config.root)
}

/// Makes the folders that systems hand in to and find answers in. One that cannot be made stops nothing else.
fn make_inboxes(folders: &LocalFolders, config: &Config) {
    for intake in &config.intakes {
        for folder in intake.terms.folders.iter().chain([&intake.answer]) {
            if let Err(error) = folders.make_folder(folder) {
                tracing::warn!(intake = %intake.terms.id, %error, "an intake's folder cannot be made");
            }
        }
    }
}
