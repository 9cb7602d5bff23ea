//! The agent at work: its database and folders open, one round after the other.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use renkei_core::delivery::DeliveryError;
use renkei_core::port::IntakeStore;
use renkei_core::receive::{Most, Terms};
use renkei_core::{FolderPath, IntakeId};
use renkei_engine::receive::{Goal, Rounds, Tables, Taker};
use renkei_engine::{EngineError, Witness};
use renkei_folder::{Outbox, ReceiverFolders, RootLock, WatchMode, WatchedFolder, Watcher};

use super::alarms::{Alarms, Found};
use super::config::AgentConfig;
use super::desk::AgentDesk;
use super::found::found_of;
use super::server::{self, Fetched};
use crate::Failure;
use crate::clock::HubClock;
use crate::intake::IntakeLook;

/// The agent, ready to work. One at a time per folder.
pub(crate) struct Agent {
    pub(super) config: AgentConfig,
    pub(super) alarms: Alarms,
    pub(super) store: Box<dyn IntakeStore>,
    pub(super) folders: ReceiverFolders,
    pub(super) outbox: Option<Outbox>,
    pub(super) clock: HubClock,
    pub(super) rounds: HashMap<IntakeId, Rounds>,
    /// The day on which what is past its time was removed.
    pub(super) swept: Option<NaiveDate>,
    /// Held while it works; the agent that stays lets go of it between two rounds.
    pub(super) lock: Option<RootLock>,
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
        let (fetched, lacking) = match self.fetch(only, !is_staying, witness) {
            Ok(lacking) => (Ok(()), lacking),
            Err(failure) => (Err(failure), Vec::new()),
        };
        let (mut looks, mut found) = self.round(only, goal, allowed, lang_ja, witness);
        let put_back = if goal == Goal::Take { self.put_back(witness) } else { Ok(()) };
        if !witness.wants_stop() {
            // One set that does not come is its intake's affair; what is known of the others is told.
            for (intake, failure) in lacking {
                let now = renkei_engine::Clock::now(&self.clock);
                for (_, of_intake) in found.iter_mut().filter(|(of, _)| *of == intake) {
                    of_intake.lacks_a_set(&intake, &failure, now);
                }
                looks.push(IntakeLook { intake, outcome: Err(failure), refused: Vec::new(), late: None });
            }
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
    pub(super) fn folders(
        &self,
        only: Option<&IntakeId>,
    ) -> Result<Vec<(FolderPath, IntakeId, Most)>, EngineError> {
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

    /// Where the hub is reached by SFTP, brings the mirror up to what stands there. Gives the intakes of which a set
    /// did not come.
    fn fetch(
        &self,
        only: Option<&IntakeId>,
        is_by_hand: bool,
        witness: &dyn Witness,
    ) -> Result<Vec<(IntakeId, Failure)>, Failure> {
        let Some(server) = &self.config.server else { return Ok(Vec::new()) };
        let folders = self.folders(only)?;
        let wanted = folders.iter().map(|(folder, _, most)| (folder.clone(), *most)).collect();
        let Fetched { n_came, failed } =
            server::fetch(server, &self.config.folder, &wanted, is_by_hand, witness)?;
        witness.reached("receive.fetched");
        if n_came > 0 {
            tracing::info!(sets = n_came, "sets came from the hub");
        }
        let of_intake = |(folder, error): (FolderPath, DeliveryError)| {
            let (_, intake, _) = folders.iter().find(|(of, _, _)| *of == folder)?;
            Some((intake.clone(), Failure::from(error)))
        };
        Ok(failed.into_iter().filter_map(of_intake).collect())
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
