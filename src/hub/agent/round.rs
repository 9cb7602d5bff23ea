//! The agent at work: its database and folders open, one round after the other.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use chrono::NaiveDate;
use renkei_core::port::{Folders as _, IntakeStore};
use renkei_core::receive::Terms;
use renkei_core::{FolderPath, IntakeId};
use renkei_engine::receive::{Goal, Rounds, Tables, Taker};
use renkei_engine::{EngineError, Witness};
use renkei_folder::{LocalFolders, Outbox, ReadOnlyShare, ReceiverFolders, RootLock, WatchedFolder, Watcher};
use renkei_store::intake::{Password, PostgresIntake, PostgresOptions, SqliteIntake};

use super::config::{AgentConfig, AgentIntake, Target};
use super::desk::AgentDesk;
use super::keep;
use crate::Failure;
use crate::clock::HubClock;
use crate::intake::IntakeLook;

/// How long a taker waits for another on the same database.
const STORE_WAIT: Duration = Duration::from_mins(1);
/// Where PostgreSQL's own programs look for a password.
const PASSWORD_VARIABLE: &str = "PGPASSWORD";

/// The agent, ready to work. One at a time per folder.
pub(crate) struct Agent {
    config: AgentConfig,
    store: Box<dyn IntakeStore>,
    folders: ReceiverFolders,
    outbox: Option<Outbox>,
    clock: HubClock,
    rounds: HashMap<IntakeId, Rounds>,
    /// The day on which what is past its time was removed.
    swept: Option<NaiveDate>,
    _lock: RootLock,
}

/// The terms with the folder in which the hub puts what is for this receiver alone. Only who follows a feed is
/// given something beside it.
fn with_mailbox<'t>(
    terms: &'t Terms,
    mailbox: Option<&FolderPath>,
    store: &dyn IntakeStore,
) -> Result<Cow<'t, Terms>, EngineError> {
    let head = mailbox.map(|_| store.head(&terms.id)).transpose()?.flatten();
    let (Some(mailbox), Some(head)) = (mailbox, head) else { return Ok(Cow::Borrowed(terms)) };
    let mut terms = terms.clone();
    terms.folders.push(format!("{mailbox}/{}", head.feed).parse()?);
    Ok(Cow::Owned(terms))
}

impl Agent {
    /// Opens everything. A missing folder of the agent's own is made; a missing share is an error.
    pub(crate) fn open(config: AgentConfig, wait: Duration) -> Result<Self, Failure> {
        let clock = HubClock::system();
        let own_made = std::fs::create_dir_all(&config.folder);
        own_made.map_err(|source| crate::HubError::Write { path: config.folder.clone(), source })?;
        let lock = RootLock::take(
            &config.folder.join("agent.lock"),
            "renkei receive",
            &renkei_engine::Clock::now(&clock).to_string(),
            (!wait.is_zero()).then_some(wait),
        )?;
        let own = LocalFolders::open(&config.folder)?;
        // Whoever had the lock before and was cut off left these.
        own.stages()?.iter().try_for_each(|stage| own.discard_stage(stage))?;
        let folders = ReceiverFolders::new(ReadOnlyShare::at(&config.share), own);
        let outbox = config.receipts.is_some().then(|| Outbox::open(&config.share)).transpose()?;
        let store: Box<dyn IntakeStore> = match &config.target {
            Target::Sqlite(path) => Box::new(SqliteIntake::open(path, STORE_WAIT)?),
            Target::Postgres { server, password_file } => {
                let password = match password_file {
                    Some(path) => Some(Password::from_file(path)?),
                    None if std::env::var_os(PASSWORD_VARIABLE).is_some() => {
                        Some(Password::from_env(PASSWORD_VARIABLE)?)
                    }
                    None => None,
                };
                let options = PostgresOptions { server: server.clone(), password, wait: STORE_WAIT };
                Box::new(PostgresIntake::open(options)?)
            }
        };
        Ok(Self { config, store, folders, outbox, clock, rounds: HashMap::new(), swept: None, _lock: lock })
    }

    /// Goes round all intakes, or the one named, once. Asked to end meanwhile, it says what it came to until then.
    pub(crate) fn go(
        &mut self,
        only: Option<&IntakeId>,
        goal: Goal,
        allowed: Option<u32>,
        lang_ja: bool,
        witness: &dyn Witness,
    ) -> Vec<IntakeLook> {
        let mut looks = Vec::new();
        for intake in &self.config.intakes {
            let id = &intake.terms.id;
            if only.is_some_and(|only| only != id) {
                continue;
            }
            if witness.wants_stop() {
                break;
            }
            let taker = Taker {
                store: self.store.as_ref(),
                share: &self.folders,
                own: self.folders.own(),
                clock: &self.clock,
                witness,
                run_id: "",
            };
            let mut desk = AgentDesk {
                share: &self.config.share,
                folders: &self.folders,
                receipts: self.outbox.as_ref().zip(self.config.receipts.as_ref()),
                to: &intake.to,
                allowed,
                lang_ja,
                refused: Vec::new(),
                program_fault: None,
            };
            let terms = match with_mailbox(&intake.terms, self.config.mailbox.as_ref(), self.store.as_ref()) {
                Ok(terms) => terms,
                Err(error) => {
                    let (intake, refused) = (id.clone(), Vec::new());
                    looks.push(IntakeLook { intake, outcome: Err(error.into()), refused });
                    continue;
                }
            };
            let rounds = self.rounds.entry(id.clone()).or_default();
            let tables = Tables {
                name: &|version| intake.table(version),
                conversion: &|version| intake.conversions.get(&version),
            };
            let outcome = rounds.go(taker, &terms, &self.config.patience, &tables, goal, &mut desk);
            if matches!(outcome, Err(EngineError::Stopped)) {
                break;
            }
            let outcome = outcome.map_err(|error| match (error, desk.program_fault.take()) {
                (EngineError::HandOver { .. }, Some(fault)) => Failure::from(fault),
                (error, _) => Failure::from(error),
            });
            looks.push(IntakeLook { intake: id.clone(), outcome, refused: desk.refused });
        }
        if goal == Goal::Take && !witness.wants_stop() {
            self.sweep();
        }
        looks
    }

    /// Once a day, removes what was kept long enough. What cannot be removed is tried again on the next.
    fn sweep(&mut self) {
        let now = renkei_engine::Clock::now(&self.clock);
        if self.swept == Some(now.date()) {
            return;
        }
        self.swept = Some(now.date());
        let (own, store, config) = (self.folders.own(), self.store.as_ref(), &self.config);
        match keep::sweep(own, store, &config.intakes, config.keep, now) {
            Ok(0) => {}
            Ok(n_removed) => {
                tracing::info!(
                    removed = n_removed,
                    days = config.keep.num_days(),
                    "what was kept long enough is removed"
                );
            }
            Err(failure) => {
                tracing::warn!(fault.code = failure.code(), "what was kept long enough could not be removed");
            }
        }
    }

    /// Watches the folders of the intakes.
    pub(crate) fn watcher(&self, only: Option<&IntakeId>) -> Watcher {
        let intakes =
            self.config.intakes.iter().filter(|intake| only.is_none_or(|only| *only == intake.terms.id));
        let watched = |intake: &AgentIntake, folder: &FolderPath| WatchedFolder {
            path: self.config.share.join(folder.as_str()),
            mode: intake.watch,
        };
        let folders = intakes.flat_map(|intake| {
            let folders = intake.terms.folders.iter();
            folders.map(move |folder| watched(intake, folder))
        });
        Watcher::new(folders.collect(), self.config.every)
    }

    /// Where receipts go.
    pub(super) fn receipts(&self) -> Option<(&Outbox, &FolderPath)> {
        self.outbox.as_ref().zip(self.config.receipts.as_ref())
    }

    /// What the agent was declared as.
    pub(crate) fn config(&self) -> &AgentConfig {
        &self.config
    }

    /// The taker's database.
    pub(crate) fn store(&self) -> &dyn IntakeStore {
        self.store.as_ref()
    }
}
