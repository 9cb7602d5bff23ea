//! The agent at work: its database and folders open, one round after the other.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

use chrono::NaiveDate;
use renkei_core::alert::Alert;
use renkei_core::port::{Folders as _, IntakeStore};
use renkei_core::receive::{Most, Terms};
use renkei_core::{FolderPath, IntakeId, Moment};
use renkei_engine::receive::{Goal, Look, Rounds, Tables, Taker};
use renkei_engine::{EngineError, Witness};
use renkei_folder::{
    LocalFolders, Outbox, ReadOnlyShare, ReceiverFolders, RootLock, WatchMode, WatchedFolder, Watcher,
};
use renkei_secret::SecretSource;
use renkei_store::intake::{Password, PostgresIntake, PostgresOptions, SqliteIntake};

use super::alarms::{Alarms, Found};
use super::config::{AgentConfig, AgentIntake, Target};
use super::desk::AgentDesk;
use super::{keep, server};
use crate::Failure;
use crate::clock::HubClock;
use crate::intake::{Expected, IntakeLook, N_LOOKED_BACK, Stands, alerts_of, late_of, nothing_came};

/// How long a taker waits for another on the same database.
const STORE_WAIT: Duration = Duration::from_mins(1);
/// Where PostgreSQL's own programs look for a password.
const PASSWORD_VARIABLE: &str = "PGPASSWORD";

/// The agent, ready to work. One at a time per folder.
pub(crate) struct Agent {
    config: AgentConfig,
    alarms: Alarms,
    store: Box<dyn IntakeStore>,
    folders: ReceiverFolders,
    outbox: Option<Outbox>,
    clock: HubClock,
    rounds: HashMap<IntakeId, Rounds>,
    /// The day on which what is past its time was removed.
    swept: Option<NaiveDate>,
    /// Held while it works; the agent that stays lets go of it between two rounds.
    lock: Option<RootLock>,
}

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

/// What a look at an intake found for its people, and by when something should have come that did not.
fn found_of(
    store: &dyn IntakeStore,
    intake: &AgentIntake,
    outcome: Result<&Look, &Failure>,
    now: Moment,
) -> (Found, Option<Moment>) {
    let expected =
        Expected { intake: &intake.terms.id, by: intake.expected_by.as_ref(), gap_after: intake.gap_after };
    let failed = |failure: &Failure, nothing_came: Option<Alert>| {
        let late = nothing_came.as_ref().and_then(late_of);
        (Found::Failed { code: failure.code(), class: failure.class(), nothing_came }, late)
    };
    let records = match store.sets(Some(&intake.terms.id), N_LOOKED_BACK) {
        Ok(records) => records,
        Err(error) => return failed(outcome.err().unwrap_or(&error.into()), None),
    };
    match outcome.map(|look| alerts_of(expected, &stands(look), &records, now).map_err(Failure::from)) {
        Ok(Ok(alerts)) => {
            let late = alerts.iter().find_map(late_of);
            (Found::Standing(alerts), late)
        }
        Ok(Err(failure)) => failed(&failure, nothing_came(expected, &records, now)),
        Err(failure) => failed(failure, nothing_came(expected, &records, now)),
    }
}

/// What stands in an intake's folders as far as its people should know.
fn stands(look: &Look) -> Stands {
    let overdue = look.incomplete.iter().map(|set| set.is_overdue);
    let overdue = overdue.chain(look.pending.iter().map(|notice| notice.is_overdue));
    Stands {
        n_incomplete: overdue.map(u64::from).sum(),
        n_strays: look.strays.iter().map(|stray| u64::from(stray.is_overdue)).sum(),
        whole: look.gaps.iter().map(|receipt| receipt.notice_sha256).collect(),
    }
}

/// Whoever had the lock before and was cut off left these.
fn discard_stages(own: &LocalFolders) -> Result<(), Failure> {
    Ok(own.stages()?.iter().try_for_each(|stage| own.discard_stage(stage))?)
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

    fn take_turn(&mut self) -> Result<(), Failure> {
        if self.lock.is_none() {
            self.lock = Some(take_lock(&self.config.folder, LOCK, &self.clock, STORE_WAIT)?);
            discard_stages(self.folders.own())?;
        }
        Ok(())
    }

    /// One round of [`Agent::round`], as the one agent at work.
    pub(crate) fn go(
        &mut self,
        only: Option<&IntakeId>,
        goal: Goal,
        allowed: Option<u32>,
        lang_ja: bool,
        witness: &dyn Witness,
    ) -> Vec<IntakeLook> {
        let is_staying = self.lock.is_none();
        if let Err(failure) = self.take_turn() {
            let intake = only.or_else(|| self.config.intakes.first().map(|intake| &intake.terms.id));
            let refused = Vec::new();
            return intake
                .map(|intake| IntakeLook {
                    intake: intake.clone(),
                    outcome: Err(failure),
                    refused,
                    late: None,
                })
                .into_iter()
                .collect();
        }
        let fetched = self.fetch(only, witness);
        let (mut looks, mut found) = self.round(only, goal, allowed, lang_ja, witness);
        let put_back = if goal == Goal::Take { self.put_back(witness) } else { Ok(()) };
        if !witness.wants_stop() {
            for failure in [fetched, put_back].into_iter().filter_map(Result::err) {
                for (_, of_intake) in &mut found {
                    of_intake.cannot_reach(&failure);
                }
                let intake = only.or_else(|| self.config.intakes.first().map(|intake| &intake.terms.id));
                looks.extend(intake.map(|intake| IntakeLook {
                    intake: intake.clone(),
                    outcome: Err(failure),
                    refused: Vec::new(),
                    late: None,
                }));
            }
        }
        if goal == Goal::Take {
            let clock = self.clock;
            self.alarms.tell(found, &|| renkei_engine::Clock::now(&clock));
        }
        if is_staying {
            self.lock = None;
        }
        looks
    }

    /// The folders that are looked into, each with whose they are and the largest set that is taken from it.
    fn folders(&self, only: Option<&IntakeId>) -> Result<Vec<(FolderPath, IntakeId, Most)>, EngineError> {
        let mut folders = Vec::new();
        for intake in &self.config.intakes {
            let id = &intake.terms.id;
            if only.is_some_and(|only| only != id) {
                continue;
            }
            let terms = with_mailbox(&intake.terms, self.config.mailbox.as_ref(), self.store.as_ref())?;
            folders.extend(terms.folders.iter().map(|folder| (folder.clone(), id.clone(), terms.most)));
        }
        Ok(folders)
    }

    /// Where the hub is reached by SFTP, brings the mirror up to what stands there.
    fn fetch(&self, only: Option<&IntakeId>, witness: &dyn Witness) -> Result<(), Failure> {
        let Some(server) = &self.config.server else { return Ok(()) };
        let wanted = self.folders(only)?.into_iter().map(|(folder, _, most)| (folder, most)).collect();
        let n_came = server::fetch(server, &self.config.folder, &wanted, witness)?;
        witness.reached("receive.fetched");
        if n_came > 0 {
            tracing::info!(sets = n_came, "sets came from the hub");
        }
        Ok(())
    }

    /// Where the hub is reached by SFTP, puts back what was answered.
    pub(super) fn put_back(&self, witness: &dyn Witness) -> Result<(), Failure> {
        match (&self.config.server, &self.config.receipts) {
            (Some(server), Some(folder)) => server::put_back(server, &self.config.folder, folder, witness),
            _ => Ok(()),
        }
    }

    /// Goes round all intakes, or the one named, once. Asked to end meanwhile, it says what it came to until then.
    fn round(
        &mut self,
        only: Option<&IntakeId>,
        goal: Goal,
        allowed: Option<u32>,
        lang_ja: bool,
        witness: &dyn Witness,
    ) -> (Vec<IntakeLook>, Vec<(IntakeId, Found)>) {
        let (mut looks, mut found) = (Vec::new(), Vec::new());
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
                folder: &self.config.folder,
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
                    let failure = Failure::from(error);
                    let (code, class) = (failure.code(), failure.class());
                    found.push((id.clone(), Found::Failed { code, class, nothing_came: None }));
                    looks.push(IntakeLook { intake, outcome: Err(failure), refused, late: None });
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
            let refused = desk.refused;
            let now = renkei_engine::Clock::now(&self.clock);
            let (of_intake, late) = found_of(self.store.as_ref(), intake, outcome.as_ref(), now);
            found.push((id.clone(), of_intake));
            looks.push(IntakeLook { intake: id.clone(), outcome, refused, late });
        }
        if goal == Goal::Take && !witness.wants_stop() {
            self.sweep();
        }
        (looks, found)
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
        if config.server.is_some()
            && let Err(failure) = self.sweep_mirror(now)
        {
            tracing::warn!(fault.code = failure.code(), "the mirror could not be cleared");
        }
    }

    fn sweep_mirror(&self, now: Moment) -> Result<(), Failure> {
        let folders = self.folders(None)?;
        let n_removed = keep::sweep_mirror(
            &self.config.share,
            self.store.as_ref(),
            folders.iter().map(|(folder, intake, _)| (folder, intake)),
            self.config.keep,
            now,
        )?;
        if n_removed > 0 {
            tracing::info!(removed = n_removed, "what was mirrored and taken in long ago is removed");
        }
        Ok(())
    }

    /// Watches the folders of the intakes, and what is for this receiver alone.
    pub(crate) fn watcher(&self, only: Option<&IntakeId>) -> Watcher {
        if self.config.server.is_some() {
            // Nobody but the agent changes the mirror.
            return Watcher::new(Vec::new(), self.config.every);
        }
        let intakes =
            self.config.intakes.iter().filter(|intake| only.is_none_or(|only| *only == intake.terms.id));
        let mailbox = self.config.mailbox.as_ref();
        let mut folders: BTreeMap<FolderPath, WatchMode> =
            mailbox.map(|mailbox| (mailbox.clone(), WatchMode::Auto)).into_iter().collect();
        for intake in intakes {
            let with_mailbox = with_mailbox(&intake.terms, mailbox, self.store.as_ref());
            let terms = with_mailbox.as_deref().unwrap_or(&intake.terms);
            folders.extend(terms.folders.iter().map(|folder| (folder.clone(), intake.watch)));
        }
        let watched = |(folder, mode): (FolderPath, WatchMode)| WatchedFolder {
            path: self.config.share.join(folder.as_str()),
            mode,
        };
        Watcher::new(folders.into_iter().map(watched).collect(), self.config.every)
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
