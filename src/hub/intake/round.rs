//! One round of the hub's intakes: what a crash left half done first, then what is next.

use renkei_core::port::{IntakeShelf, IntakeStore, Outcome, RunRecord, SetRecord};
use renkei_core::receive::{Pairer, Receipt, WaitingSet, read_notice};
use renkei_core::{FeedId, FileName, FolderPath, IntakeId, Sequence};
use renkei_engine::night::{Outcome as RunOutcome, Receiving};
use renkei_engine::receive::{Goal, Look, Rounds, Tables, Taker};
use renkei_engine::{EngineError, Generated, House, Mended, mend_by_rule};
use renkei_folder::{LocalFolders, Outbox};

use super::desk::HubDesk;
use super::look::IntakeLook;
use super::place::{names_of, place_of};
use crate::config::{Config, Intake};
use crate::premises::Premises;
use crate::receipts::take_in_all;

/// How many sets back it is looked whether one was judged.
const N_LOOKED_BACK: u32 = 200;

/// What a round works with.
pub(crate) struct Round<'r> {
    pub(crate) house: House<'r>,
    pub(crate) premises: &'r Premises,
    pub(crate) config: &'r Config,
    /// The run it is done in; empty for a command.
    pub(crate) run_id: &'r str,
    /// A set that a person allowed to change more than the bounds.
    pub(crate) allowed: Option<Sequence>,
}

impl Round<'_> {
    /// Goes round one intake, and says where refused sets were brought.
    pub(crate) fn go(&self, intake: &Intake) -> Result<(Look, Vec<String>), EngineError> {
        let store = self.premises.intake_store()?;
        let outbox = Outbox::open(&self.config.root)?;
        let folders = &self.premises.folders;
        let mut desk = HubDesk {
            house: self.house,
            folders,
            outbox: &outbox,
            config: self.config,
            intake,
            allowed: self.allowed,
            refused: Vec::new(),
        };
        self.finish_half_done(intake, &store, &mut desk)?;
        // A process before may have died between bringing files away and removing them.
        desk.forget_cases()?;
        let taker = Taker {
            store: &store,
            share: folders,
            own: folders,
            clock: self.house.clock,
            witness: self.house.witness,
            run_id: self.run_id,
        };
        let tables = Tables { name: &|version| intake.table(version), conversion: &|_| None };
        let (terms, patience) = (&intake.terms, &intake.patience);
        let look = Rounds::default().go(taker, terms, patience, &tables, Goal::Take, &mut desk)?;
        Ok((look, desk.refused))
    }

    /// The same, as a look that tells a fault.
    pub(crate) fn look(&self, intake: &Intake) -> IntakeLook {
        let (outcome, refused) = match self.go(intake) {
            Ok((look, refused)) => (Ok(look), refused),
            Err(error) => (Err(error.into()), Vec::new()),
        };
        IntakeLook { intake: intake.terms.id.clone(), outcome, refused, late: None }
    }

    /// A process that died while it brought the files of a judged set away left the notice for last.
    fn finish_half_done(
        &self,
        intake: &Intake,
        store: &dyn IntakeStore,
        desk: &mut HubDesk<'_>,
    ) -> Result<(), EngineError> {
        let folders: &LocalFolders = &self.premises.folders;
        let now = self.house.clock.now();
        for folder in &intake.terms.folders {
            let seen = renkei_core::port::Share::look(folders, folder)?;
            let mut read = |name: &_| read_notice(folders, folder, name);
            let waiting = Pairer::default().look(seen, &mut read, now, &intake.patience).waiting;
            let claimed = folders.claimed(folder)?;
            if waiting.is_empty() && claimed.is_empty() {
                continue;
            }
            let records = store.sets(Some(&intake.terms.id), N_LOOKED_BACK)?;
            for set in waiting {
                finish_one(folders, (folder, &claimed), &set, &records, desk)?;
            }
            finish_notices((folder, &claimed), &records, desk)?;
        }
        Ok(())
    }
}

fn finish_one(
    folders: &LocalFolders,
    (folder, claimed): (&FolderPath, &[FileName]),
    set: &WaitingSet,
    records: &[SetRecord],
    desk: &mut HubDesk<'_>,
) -> Result<(), EngineError> {
    let judged = records.iter().find(|record| record.notice_sha256 == set.notice_sha256);
    let Some(judged) = judged.filter(|record| record.outcome != Outcome::Waiting) else { return Ok(()) };
    let names = names_of(&set.notice, &set.notice_name);
    let is_claimed = names.iter().any(|name| claimed.contains(name));
    let is_half = is_claimed
        || if judged.outcome == Outcome::Refused {
            folders.is_half_refused(&place_of(&judged.intake, judged.notice_sha256)?, &names)?
        } else {
            let (feed, sequence) = (&set.feed, set.sequence);
            folders.is_half_taken(&IntakeShelf { intake: &judged.intake, feed, sequence }, &names)?
        };
    if is_half {
        tracing::warn!(intake = %judged.intake, feed = %set.feed, sequence = set.sequence.0,
            "the files of a set are brought away that a process before left halfway");
        desk.put_away(folder, &names, &Receipt::parse(judged.receipt.as_bytes())?)?;
    }
    Ok(())
}

/// A notice that was claimed went last: nothing shows the set any more, and it is all that is left of it.
fn finish_notices(
    (folder, claimed): (&FolderPath, &[FileName]),
    records: &[SetRecord],
    desk: &mut HubDesk<'_>,
) -> Result<(), EngineError> {
    for name in claimed {
        let judged = records.iter().find(|record| record.notice_name == name.as_str());
        if let Some(judged) = judged.filter(|record| record.outcome != Outcome::Waiting) {
            let receipt = Receipt::parse(judged.receipt.as_bytes())?;
            desk.put_away(folder, std::slice::from_ref(name), &receipt)?;
        }
    }
    Ok(())
}

/// The hub's intakes on behalf of runs of jobs.
pub(crate) struct HubReceiving<'h> {
    pub(crate) premises: &'h Premises,
    pub(crate) config: &'h Config,
}

impl Receiving for HubReceiving<'_> {
    fn receive(&self, house: House<'_>, intakes: &[IntakeId], run: &RunRecord) -> RunOutcome {
        let round =
            Round { house, premises: self.premises, config: self.config, run_id: &run.run_id, allowed: None };
        let mut faults = Vec::new();
        for id in intakes {
            if house.witness.wants_stop() {
                return RunOutcome::Stopped;
            }
            let gone = match self.config.intake(id.as_str()) {
                Some(intake) => round.go(intake).map(drop),
                None => Err(EngineError::IntakeGone { intake: id.clone() }),
            };
            match gone {
                Ok(()) => {}
                Err(EngineError::Stopped) => return RunOutcome::Stopped,
                Err(error) => faults.push((None, error)),
            }
        }
        if faults.is_empty() { RunOutcome::Done } else { RunOutcome::Failed(faults) }
    }

    fn reconcile(&self, house: House<'_>, feeds: &[FeedId]) -> RunOutcome {
        match crate::reconcile::take_in(house, &self.premises.folders, self.config, feeds) {
            Ok(_) => RunOutcome::Done,
            Err(EngineError::Stopped) => RunOutcome::Stopped,
            Err(error) => RunOutcome::Failed(vec![(None, error)]),
        }
    }

    fn mend(&self, house: House<'_>, feeds: &[FeedId]) -> RunOutcome {
        // What was answered meanwhile may need no mending any more.
        if let Err(error) = take_in_all(house, &self.premises.folders, self.config) {
            return RunOutcome::Failed(vec![(None, error)]);
        }
        let today = house.clock.now().date();
        let mut faults = Vec::new();
        let mut is_held = false;
        for feed in feeds.iter().filter_map(|id| self.config.feed(id.as_str())) {
            for receiver in &feed.receivers {
                if house.witness.wants_stop() {
                    return RunOutcome::Stopped;
                }
                match mend_by_rule(house, feed, receiver, today) {
                    Ok(Some(Mended::Full(made))) => is_held |= matches!(*made, Generated::Held(_)),
                    Ok(_) => {}
                    Err(EngineError::Stopped) => return RunOutcome::Stopped,
                    Err(error) => faults.push((Some(feed.id.clone()), error)),
                }
            }
        }
        match (faults.is_empty(), is_held) {
            (true, false) => RunOutcome::Done,
            (true, true) => RunOutcome::Held,
            (false, _) => RunOutcome::Failed(faults),
        }
    }
}
