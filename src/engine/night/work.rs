//! One try of a run: what its order says, feed after feed. What an earlier try published and still stands is
//! kept, so a run that serves several feeds does only what failed again.

use std::io::Read as _;

use renkei_core::feed::Feed;
use renkei_core::hash::Hasher;
use renkei_core::notice::Notice;
use renkei_core::order::Order;
use renkei_core::port::{FolderError, PublicationRecord, RunRecord, RunState, Snapshot, StoreError};
use renkei_core::publication::{Kind, Progress};
use renkei_core::{Class, Fault as _, FeedId, IntakeId};

use crate::error::EngineError;
use crate::generate::{Content, Generated, finish, generate};
use crate::house::House;
use crate::retention::execute;

/// How a try ended.
#[derive(Debug)]
pub enum Outcome {
    /// All of it is done.
    Done,
    /// All of it is made, and what the mass-change guard holds waits for a person.
    Held,
    /// It ended at a safe point, as asked.
    Stopped,
    /// Faults, one for each feed that has one, or one of the run itself.
    Failed(Vec<(Option<FeedId>, EngineError)>),
}

/// Takes in what systems hand in, and looks after receivers, on behalf of a run. Whose intakes these are, and where their rows go, is known
/// to whoever wires the hub.
pub trait Receiving: Sync {
    /// Goes round the intakes once, each for itself. A set that is refused is an outcome, not a fault.
    fn receive(&self, house: House<'_>, intakes: &[IntakeId], run: &RunRecord) -> Outcome;

    /// Compares what receivers of these feeds say they hold. That somebody holds something else is an outcome.
    fn reconcile(&self, house: House<'_>, feeds: &[FeedId]) -> Outcome;

    /// Mends the receivers of these feeds by their rules.
    fn mend(&self, house: House<'_>, feeds: &[FeedId]) -> Outcome;
}

/// A hub without intakes and receivers.
#[derive(Debug, Clone, Copy)]
pub struct NoIntakes;

impl Receiving for NoIntakes {
    fn receive(&self, _house: House<'_>, intakes: &[IntakeId], _run: &RunRecord) -> Outcome {
        match intakes.first() {
            None => Outcome::Done,
            Some(intake) => Outcome::Failed(vec![(None, EngineError::IntakeGone { intake: intake.clone() })]),
        }
    }

    fn reconcile(&self, _house: House<'_>, _feeds: &[FeedId]) -> Outcome {
        Outcome::Done
    }

    fn mend(&self, _house: House<'_>, _feeds: &[FeedId]) -> Outcome {
        Outcome::Done
    }
}

/// Does what the run's order says. `feeds` are those declared.
pub fn work(house: House<'_>, feeds: &[Feed], receiving: &dyn Receiving, run: &RunRecord) -> Outcome {
    let house = House { parent: Some(&run.run_id), operator: &run.operator, reason: &run.reason, ..house };
    match Order::parse(&run.order) {
        Some(Order::Publish { feeds: wanted, content }) => publish(house, feeds, run, &wanted, content),
        Some(Order::Retention {}) => match execute(house, house.retention) {
            Ok(_) => Outcome::Done,
            Err(EngineError::Stopped) => Outcome::Stopped,
            Err(error) => Outcome::Failed(vec![(None, error)]),
        },
        Some(Order::Receive { intakes }) => receiving.receive(house, &intakes, run),
        Some(Order::Reconcile { feeds }) => receiving.reconcile(house, &feeds),
        Some(Order::Mend { feeds }) => receiving.mend(house, &feeds),
        None => {
            let error = EngineError::UnknownOrder { run_id: run.run_id.clone() };
            Outcome::Failed(vec![(None, error)])
        }
    }
}

fn publish(house: House<'_>, feeds: &[Feed], run: &RunRecord, wanted: &[FeedId], kind: Kind) -> Outcome {
    let content = if kind == Kind::Full { Content::Full } else { Content::Diff };
    let mut faults = Vec::new();
    let mut is_held = false;
    for id in wanted {
        if house.witness.wants_stop() {
            return Outcome::Stopped;
        }
        let made = match feeds.iter().find(|feed| feed.id == *id) {
            Some(feed) => publish_one(house, feed, content, run),
            None => Err(EngineError::FeedGone { feed: id.clone() }),
        };
        match made {
            Ok(One::Published) => {}
            Ok(One::Held) => is_held = true,
            Err(EngineError::Stopped) => return Outcome::Stopped,
            Err(error) => faults.push((Some(id.clone()), error)),
        }
    }
    match (faults.is_empty(), is_held) {
        (true, false) => Outcome::Done,
        (true, true) => Outcome::Held,
        (false, _) => Outcome::Failed(faults),
    }
}

/// What became of one feed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum One {
    Published,
    Held,
}

fn publish_one(house: House<'_>, feed: &Feed, content: Content, run: &RunRecord) -> Result<One, EngineError> {
    if let Some(publication) = of_earlier_try(house, &feed.id, run)? {
        match publication.progress {
            Progress::Held => return Ok(One::Held),
            // The folder did not take it then; it does now, or says again why not.
            Progress::Sealed => {
                finish(house, &publication)?;
                return Ok(One::Published);
            }
            Progress::Published | Progress::Discarded => {}
        }
        if stands(house, &publication)? {
            tracing::info!(feed = feed.id.as_str(), "an earlier try published it, and it stands");
            return Ok(One::Published);
        }
    }
    Ok(match generate(house, feed, content, run.business_date)? {
        Generated::Published(_) => One::Published,
        Generated::Held(_) => One::Held,
    })
}

/// What an earlier try made of the feed, of this run or of those it does again, unless it was discarded since.
fn of_earlier_try(
    house: House<'_>,
    feed: &FeedId,
    run: &RunRecord,
) -> Result<Option<PublicationRecord>, EngineError> {
    let snapshot = house.store.snapshot()?;
    let parts = parts_with_earlier(snapshot.as_ref(), run)?;
    if parts.is_empty() {
        return Ok(None);
    }
    let of_run = |publication: &PublicationRecord| {
        publication.progress != Progress::Discarded
            && parts.iter().any(|part| part.run_id == publication.run_id)
    };
    Ok(snapshot.publications(Some(feed), None)?.into_iter().rev().find(of_run))
}

/// How far back runs that were done again are followed.
const MOST_AGAIN: usize = 100;

/// The parts of a run and of the runs that it does again.
pub(super) fn parts_with_earlier(
    snapshot: &dyn Snapshot,
    run: &RunRecord,
) -> Result<Vec<RunRecord>, StoreError> {
    let mut parts = snapshot.parts(&run.run_id)?;
    let mut before = run.redoes.clone();
    for _ in 0..MOST_AGAIN {
        let Some(earlier) = before else { break };
        parts.extend(snapshot.parts(&earlier)?);
        before = snapshot.run(&earlier)?.and_then(|earlier| earlier.redoes);
    }
    Ok(parts)
}

/// True when a publication's files stand as published, or a receiver has already taken all of them away. A file
/// with other bytes makes it undone.
fn stands(house: House<'_>, published: &PublicationRecord) -> Result<bool, EngineError> {
    let notice = Notice::parse(published.notice.as_bytes())?;
    let folder = published.folder.parse()?;
    for file in &notice.files {
        match house.folders.read(&folder, &file.name) {
            Ok(mut content) => {
                let mut hash = Hasher::new();
                let mut piece = vec![0; 1 << 16];
                loop {
                    let n_read = content
                        .read(&mut piece)
                        .map_err(|error| FolderError::of_write(file.name.as_str(), error))?;
                    match piece.get(..n_read) {
                        Some([]) | None => break,
                        Some(bytes) => hash.update(bytes),
                    }
                }
                if hash.finish() != file.sha256 {
                    return Ok(false);
                }
            }
            Err(FolderError::Missing { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

/// The fault that decides what happens to the run: one that is tried again goes before one that a person must
/// look at, so that the feeds that can be served are; among those, the first.
pub(super) fn deciding(faults: &[(Option<FeedId>, EngineError)]) -> Option<&(Option<FeedId>, EngineError)> {
    faults.iter().find(|(_, error)| error.class() == Class::Retry).or_else(|| faults.first())
}

/// A run's state after a try that ended so, when it is not tried again.
pub(super) fn final_state(outcome: &Outcome) -> RunState {
    match outcome {
        Outcome::Done => RunState::Succeeded,
        Outcome::Held => RunState::Held,
        Outcome::Stopped => RunState::Stopped,
        Outcome::Failed(_) => RunState::Failed,
    }
}
