//! The inboxes as the daemon sees them: which jobs are to take something in, and what a person should know.
//!
//! Events only make it look sooner; a look reads the folders and the records and changes nothing but the queue.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use renkei_core::alert::Alert;
use renkei_core::order::Order;
use renkei_core::port::{IntakeStore, Outcome, RunRecord, RunState, SetRecord};
use renkei_core::receive::Pairer;
use renkei_core::{Digest, FolderPath, IntakeId};
use renkei_engine::night::{NightPlan, ask, is_enabled};
use renkei_engine::{EngineError, House};
use renkei_folder::{WatchedFolder, Watcher};
use renkei_store::intake::SqliteIntake;
use tokio::sync::Notify;

use crate::config::{Config, Intake};
use crate::intake::{Expected, FolderStanding, N_LOOKED_BACK, Stands, alerts_of, stand};
use crate::premises::Premises;

/// The folders are looked at this often whatever the events say.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// And this often while something stands there: what is half-written is whole soon.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// What stands there still after a run is not worth another for so long.
const ASK_AGAIN: Duration = Duration::from_hours(1);
/// How often folders without events are looked at for one.
const POLL_EVERY: Duration = Duration::from_secs(10);

/// Something that a run may take in: its folder, its notice, and whether it was settled.
type Thing = (FolderPath, String, Digest, bool);

/// The inboxes from look to look.
#[derive(Default)]
pub(super) struct Inboxes {
    watch: Option<Watch>,
    store: Option<SqliteIntake>,
    pairers: HashMap<IntakeId, HashMap<FolderPath, Pairer>>,
    /// What a run was queued for, and when.
    asked_for: HashMap<Thing, Instant>,
    looked: Option<Instant>,
    has_something: bool,
    /// Set where a run has ended since.
    pub(super) is_stale: bool,
}

/// The thread that waits for events.
struct Watch {
    is_told: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
    waker: renkei_folder::Waker,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        self.waker.wake();
    }
}

impl Inboxes {
    /// Begins to watch the folders of a configuration, in the place of those watched before.
    pub(super) fn watch(&mut self, config: &Config, wake: &Arc<Notify>) {
        self.watch = None;
        self.pairers.clear();
        self.is_stale = true;
        let folders: Vec<WatchedFolder> = config
            .intakes
            .iter()
            .flat_map(|intake| intake.terms.folders.iter().map(|folder| (folder, intake.watch)))
            .map(|(folder, mode)| WatchedFolder { path: config.root.join(folder.as_str()), mode })
            .collect();
        if folders.is_empty() {
            return;
        }
        let mut watcher = Watcher::new(folders, POLL_EVERY);
        let (is_told, is_over) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let waker = watcher.waker();
        let (told, over, wake) = (Arc::clone(&is_told), Arc::clone(&is_over), Arc::clone(wake));
        let started = std::thread::Builder::new().name("inboxes".to_owned()).spawn(move || {
            while !over.load(Ordering::Acquire) {
                if !watcher.wait(LOOK_EVERY).is_empty() {
                    told.store(true, Ordering::Release);
                    wake.notify_one();
                }
            }
        });
        match started {
            Ok(_) => self.watch = Some(Watch { is_told, is_over, waker }),
            Err(error) => {
                tracing::warn!(%error, "the inboxes are not watched; they are looked at every minute");
            }
        }
    }

    /// Looks, when it is time; queues runs for what came, and gives the alerts that should stand open: none while a
    /// run is at work, whose end is looked at at once.
    pub(super) fn look(
        &mut self,
        house: House<'_>,
        premises: &Premises,
        config: &Config,
        plan: &NightPlan,
    ) -> Result<Option<Vec<Alert>>, EngineError> {
        if !self.is_due() {
            return Ok(None);
        }
        let is_first = self.looked.is_none();
        self.looked = Some(Instant::now());
        self.is_stale = false;
        let now = house.clock.now();
        // Sets that a run is bringing away look like sets that lack files.
        let open = house.store.snapshot()?.open_runs()?;
        let is_at_work = open.iter().any(|run| {
            run.state == RunState::Running && matches!(Order::parse(&run.order), Some(Order::Receive { .. }))
        });
        let store = match self.store.take() {
            Some(store) => store,
            None => premises.intake_store()?,
        };
        let mut things: HashMap<IntakeId, Vec<Thing>> = HashMap::new();
        let mut alerts = Vec::new();
        self.has_something = false;
        for intake in &config.intakes {
            let id = &intake.terms.id;
            let pairers = self.pairers.entry(id.clone()).or_default();
            let standings = stand(&premises.folders, intake, pairers, now);
            self.has_something |= standings.iter().any(|standing| {
                let pairing = &standing.pairing;
                !(pairing.ready.is_empty() && pairing.waiting.is_empty() && pairing.pending.is_empty())
            });
            let records = store.sets(Some(id), N_LOOKED_BACK)?;
            let expected =
                Expected { intake: id, by: intake.expected_by.as_ref(), gap_after: intake.gap_after };
            alerts.extend(alerts_of(expected, &stands(&standings), &records, now)?);
            let standing = standings.iter().flat_map(|one| to_take_in(intake, one, is_first, &records));
            things.insert(id.clone(), standing.collect());
        }
        self.store = Some(store);
        self.asked_for.retain(|thing, at| {
            at.elapsed() < ASK_AGAIN && things.values().any(|standing| standing.contains(thing))
        });
        self.queue(house, plan, &things)?;
        Ok((!is_at_work).then_some(alerts))
    }

    fn is_due(&self) -> bool {
        let is_told = self.watch.as_ref().is_some_and(|watch| watch.is_told.swap(false, Ordering::AcqRel));
        let pause = if self.has_something { LOOK_AGAIN } else { LOOK_EVERY };
        is_told || self.is_stale || self.looked.is_none_or(|looked| looked.elapsed() >= pause)
    }

    fn queue(
        &mut self,
        house: House<'_>,
        plan: &NightPlan,
        things: &HashMap<IntakeId, Vec<Thing>>,
    ) -> Result<(), EngineError> {
        let snapshot = house.store.snapshot()?;
        let (records, open) = (snapshot.jobs()?, snapshot.open_runs()?);
        drop(snapshot);
        for job in &plan.jobs {
            let Order::Receive { intakes } = &job.order else { continue };
            let standing: Vec<&Thing> = intakes.iter().filter_map(|id| things.get(id)).flatten().collect();
            let is_new = standing.iter().any(|thing| !self.asked_for.contains_key(*thing));
            let is_open = open.iter().any(|run: &RunRecord| run.job.as_ref() == Some(&job.id));
            let record = records.iter().find(|record| record.job == job.id);
            if !is_new || is_open || !is_enabled(job, record) {
                continue;
            }
            let house = House { reason: "files were handed in", ..house };
            let run = ask(house, job, house.clock.now().date(), None)?;
            tracing::info!(run.id = run.run_id, job = job.id.as_str(), "something was handed in");
            self.asked_for.extend(standing.into_iter().map(|thing| (thing.clone(), Instant::now())));
        }
        Ok(())
    }
}

/// What a run would take in or refuse: also what says of itself that it is too large, which is refused before it is
/// whole. What lacks files is worth a run too where they are being brought away: at the start of a daemon, for a process
/// before may have died, and where it was judged, for a run may have failed.
fn to_take_in(
    intake: &Intake,
    standing: &FolderStanding,
    is_first: bool,
    records: &[SetRecord],
) -> Vec<Thing> {
    let (folder, pairing) = (&standing.folder, &standing.pairing);
    let thing = |name: &renkei_core::FileName, sha256, is_settled| {
        (folder.clone(), name.to_string(), sha256, is_settled)
    };
    let ready = pairing.ready.iter().map(|set| thing(&set.notice_name, set.notice_sha256, set.is_settled));
    let unreadable = pairing.unreadable.iter().map(|notice| thing(&notice.name, notice.sha256, true));
    let waiting = pairing.waiting.iter().filter(|set| {
        is_first
            || !intake.terms.most.exceeded(&set.notice).is_empty()
            || records
                .iter()
                .any(|one| one.notice_sha256 == set.notice_sha256 && one.outcome != Outcome::Waiting)
    });
    let waiting = waiting.map(|set| thing(&set.notice_name, set.notice_sha256, false));
    ready.chain(unreadable).chain(waiting).collect()
}

/// What stands in an intake's folders as far as a person should know.
fn stands(standings: &[FolderStanding]) -> Stands {
    let mut stands = Stands::default();
    for pairing in standings.iter().map(|standing| &standing.pairing) {
        let overdue = pairing.waiting.iter().map(|set| set.is_overdue);
        let overdue = overdue.chain(pairing.pending.iter().map(|notice| notice.is_overdue));
        stands.n_incomplete += overdue.map(u64::from).sum::<u64>();
        stands.n_strays += pairing.strays.iter().map(|stray| u64::from(stray.is_overdue)).sum::<u64>();
        stands.whole.extend(pairing.ready.iter().map(|set| set.notice_sha256));
    }
    stands
}
