//! A hub ready to work: configuration read, database and folders open, and for writers the root locked and
//! what a crash left behind finished.

use renkei_core::port::{Snapshot, Store as _, StoreError};
use renkei_engine::{Clock as _, House, Recovered, recover};
use renkei_folder::{LocalFolders, RootLock};
use renkei_store::{NumberKey, OpenOptions, SqliteStore};

use crate::clock::HubClock;
use crate::config::{Config, KeySource};
use crate::console::Console;
use crate::progress::Progress;
use crate::{Failure, HubError, Session};

/// What a command works with.
pub(crate) struct Workplace<'s> {
    pub(crate) config: Config,
    store: SqliteStore,
    folders: LocalFolders,
    clock: HubClock,
    progress: Progress<'s>,
    operator: String,
    /// Held as long as the command writes.
    _lock: Option<RootLock>,
}

impl<'s> Workplace<'s> {
    /// For a command that writes: takes the root's lock, then finishes what was cut off before.
    pub(crate) fn for_writing(session: &'s Session, what: &str) -> Result<Self, Failure> {
        Self::for_writing_at(session, session.config()?, what, HubClock::system())
    }

    /// The same with a configuration and a clock of the caller's.
    pub(crate) fn for_writing_at(
        session: &'s Session,
        config: Config,
        what: &str,
        clock: HubClock,
    ) -> Result<Self, Failure> {
        let lock_path = config.store.path.with_file_name("renkei.lock");
        if let Some(folder) = lock_path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|source| HubError::Write { path: folder.to_owned(), source })?;
        }
        std::fs::create_dir_all(&config.root)
            .map_err(|source| HubError::Write { path: config.root.clone(), source })?;
        let wait = session.wait();
        let wait_if_any = (!wait.is_zero()).then_some(wait);
        let lock = RootLock::take(&lock_path, what, &clock.now().to_string(), wait_if_any)?;
        let workplace = Self::open(session, config, clock, Some(lock))?;
        let recovered = recover(workplace.house())?;
        workplace.progress.finish();
        report_recovered(session.console(), recovered);
        Ok(workplace)
    }

    /// For a command that only reads: works beside a writer.
    pub(crate) fn for_reading(session: &'s Session) -> Result<Self, Failure> {
        let config = session.config()?;
        if !config.store.path.exists() {
            return Err(HubError::NoDatabase { path: config.store.path }.into());
        }
        Self::open(session, config, HubClock::system(), None)
    }

    fn open(
        session: &'s Session,
        config: Config,
        clock: HubClock,
        lock: Option<RootLock>,
    ) -> Result<Self, Failure> {
        let store = open_store(session, &config, lock.is_some())?;
        let folders = LocalFolders::open(&config.root)?;
        let progress = Progress::new(session.console());
        Ok(Self { config, store, folders, clock, progress, operator: session.operator(), _lock: lock })
    }

    /// What the use cases work with.
    pub(crate) fn house(&self) -> House<'_> {
        House {
            store: &self.store,
            folders: &self.folders,
            municipality: self.config.municipality,
            clock: &self.clock,
            witness: &self.progress,
            operator: &self.operator,
        }
    }

    /// The clock.
    pub(crate) fn clock(&self) -> &HubClock {
        &self.clock
    }

    /// Takes the progress bar away.
    pub(crate) fn end_progress(&self) {
        self.progress.finish();
    }

    /// One instant of the database.
    pub(crate) fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Failure> {
        Ok(self.store.snapshot()?)
    }
}

/// Opens the database with the hub's key, for a command that needs no folders.
pub(crate) fn open_store(
    session: &Session,
    config: &Config,
    create: bool,
) -> Result<SqliteStore, StoreError> {
    let key = match &config.store.number_key {
        KeySource::File(path) => NumberKey::from_file(path)?,
        KeySource::Env(name) => key_of_env(name)?,
    };
    let options = OpenOptions { wait: session.wait(), key, municipality: config.municipality, create };
    SqliteStore::open(&config.store.path, options)
}

/// The key in an environment variable; an error names the variable.
fn key_of_env(name: &str) -> Result<NumberKey, StoreError> {
    let named = |detail: &str| StoreError::NoKey { detail: format!("${name}: {detail}") };
    let text = std::env::var(name).map_err(|_| named("is not set"))?;
    NumberKey::from_hex(&text).map_err(|error| match error {
        StoreError::NoKey { detail } => named(&detail),
        other => other,
    })
}

/// Says what the start found; an operator wants to know that something was cut off.
fn report_recovered(console: &Console, recovered: Recovered) {
    for (feed, sequence) in &recovered.finished {
        console.say(
            format_args!("中断していた配信を完了しました: {feed} 連番 {sequence}"),
            format_args!("Finished a publication that was cut off: {feed} sequence {sequence}"),
        );
    }
    if recovered.n_interrupted_runs > 0 {
        let n_runs = recovered.n_interrupted_runs;
        console.say(
            format_args!("前回中断した実行が {n_runs} 件あります（renkei runs で確認）。"),
            format_args!("{n_runs} runs were cut off before (see renkei runs)."),
        );
    }
    for error in recovered.unfinished {
        console.failure(&error.into());
    }
}
