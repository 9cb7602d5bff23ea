//! Opening the agent: its lock, its folders and its database.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use renkei_core::port::{Folders as _, IntakeStore};
use renkei_folder::{LocalFolders, Outbox, ReadOnlyShare, ReceiverFolders, RootLock};
use renkei_secret::SecretSource;
use renkei_store::intake::{Password, PostgresIntake, PostgresOptions, SqliteIntake};

use super::alarms::Alarms;
use super::config::{AgentConfig, Target};
use super::round::Agent;
use super::server;
use crate::Failure;
use crate::clock::HubClock;

/// How long a taker waits for another on the same database.
const STORE_WAIT: Duration = Duration::from_mins(1);
/// Where PostgreSQL's own programs look for a password.
const PASSWORD_VARIABLE: &str = "PGPASSWORD";

/// What an agent is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenedFor {
    /// Only to look: works beside another.
    Looking,
    /// To change something: one at a time per folder.
    Work,
}

/// Held by whoever is at work in the agent's folder, and by the one agent that stays there.
const LOCK: &str = "agent.lock";
const STAYING_LOCK: &str = "agent-daemon.lock";

fn take_lock(folder: &Path, name: &str, clock: &HubClock, wait: Duration) -> Result<RootLock, Failure> {
    let now = renkei_engine::Clock::now(clock).to_string();
    Ok(RootLock::take(&folder.join(name), "renkei receive", &now, (!wait.is_zero()).then_some(wait))?)
}

/// Whoever had the lock before and was cut off left these.
fn discard_stages(own: &LocalFolders) -> Result<(), Failure> {
    Ok(own.stages()?.iter().try_for_each(|stage| own.discard_stage(stage))?)
}

impl Agent {
    /// Opens everything. A missing folder of the agent's own is made; a missing share is an error.
    pub(crate) fn open(config: AgentConfig, wait: Duration, what: OpenedFor) -> Result<Self, Failure> {
        let clock = HubClock::system();
        let own_made = std::fs::create_dir_all(&config.folder);
        own_made.map_err(|source| crate::HubError::Write { path: config.folder.clone(), source })?;
        let lock = match what {
            OpenedFor::Looking => None,
            OpenedFor::Work => Some(take_lock(&config.folder, LOCK, &clock, wait)?),
        };
        let own = LocalFolders::open(&config.folder)?;
        if lock.is_some() {
            discard_stages(&own)?;
        }
        let outbox = if config.server.is_some() {
            server::make_folders(&config.folder)?;
            server::outgoing_of(&config.folder)
        } else {
            config.share.clone()
        };
        let folders = ReceiverFolders::new(ReadOnlyShare::at(&config.share), own);
        let outbox = config.receipts.is_some().then(|| Outbox::open(&outbox)).transpose()?;
        let store: Box<dyn IntakeStore> = match &config.target {
            Target::Sqlite(path) => Box::new(SqliteIntake::open(path, STORE_WAIT)?),
            Target::Postgres { server, password } => {
                let is_set = std::env::var_os(PASSWORD_VARIABLE).is_some();
                let by_variable = is_set.then(|| SecretSource::Env(PASSWORD_VARIABLE.to_owned()));
                let password = password.clone().or(by_variable);
                let password = password.as_ref().map(Password::read).transpose()?;
                let options = PostgresOptions { server: server.clone(), password, wait: STORE_WAIT };
                Box::new(PostgresIntake::open(options)?)
            }
        };
        let alarms = Alarms::of(&config);
        Ok(Self { config, alarms, store, folders, outbox, clock, rounds: HashMap::new(), swept: None, lock })
    }

    /// Tells the agent's people that it could not be opened; not where another is at work, who tells them.
    pub(crate) fn tell_unopened(folder: &Path, alarms: &Alarms, failure: &Failure) {
        let clock = HubClock::system();
        if let Ok(_lock) = take_lock(folder, LOCK, &clock, Duration::ZERO) {
            alarms.tell_failed(failure, &|| renkei_engine::Clock::now(&clock));
        }
    }

    /// Becomes the one agent that stays here, for as long as what is given lives, and lets others have a turn between
    /// two rounds.
    pub(crate) fn stay(&mut self) -> Result<RootLock, Failure> {
        let staying = take_lock(&self.config.folder, STAYING_LOCK, &self.clock, Duration::ZERO)?;
        self.lock = None;
        Ok(staying)
    }

    pub(super) fn take_turn(&mut self) -> Result<(), Failure> {
        if self.lock.is_none() {
            self.lock = Some(take_lock(&self.config.folder, LOCK, &self.clock, STORE_WAIT)?);
            discard_stages(self.folders.own())?;
        }
        Ok(())
    }
}
