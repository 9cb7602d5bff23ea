//! One try of a run: what its order says, feed after feed. What an earlier try published and still stands is
//! kept, so a run that serves several feeds does only what failed again.

use std::io::Read as _;

use renkei_core::feed::Feed;
use renkei_core::hash::Hasher;
use renkei_core::notice::Notice;
use renkei_core::order::Order;
use renkei_core::port::{FolderError, RunRecord, RunState};
use renkei_core::publication::Kind;
use renkei_core::{Class, Fault as _, FeedId};

use crate::error::EngineError;
use crate::generate::{Content, generate};
use crate::house::House;
use crate::retention::execute;

/// How a try ended.
#[derive(Debug)]
pub enum Outcome {
    /// All of it is done.
    Done,
    /// It ended at a safe point, as asked.
    Stopped,
    /// Faults, one for each feed that has one, or one of the run itself.
    Failed(Vec<(Option<FeedId>, EngineError)>),
}

/// Does what the run's order says. `feeds` are those declared.
pub fn work(house: House<'_>, feeds: &[Feed], run: &RunRecord) -> Outcome {
    let house = House { parent: Some(&run.run_id), operator: &run.operator, reason: &run.reason, ..house };
    match Order::parse(&run.order) {
        Some(Order::Publish { feeds: wanted, content }) => publish(house, feeds, run, &wanted, content),
        Some(Order::Retention {}) => match execute(house, house.retention) {
            Ok(_) => Outcome::Done,
            Err(EngineError::Stopped) => Outcome::Stopped,
            Err(error) => Outcome::Failed(vec![(None, error)]),
        },
        None => {
            let error = EngineError::UnknownOrder { run_id: run.run_id.clone() };
            Outcome::Failed(vec![(None, error)])
        }
    }
}

fn publish(house: House<'_>, feeds: &[Feed], run: &RunRecord, wanted: &[FeedId], kind: Kind) -> Outcome {
    let content = if kind == Kind::Full { Content::Full } else { Content::Diff };
    let mut faults = Vec::new();
    for id in wanted {
        if house.witness.wants_stop() {
            return Outcome::Stopped;
        }
        let made = match feeds.iter().find(|feed| feed.id == *id) {
            Some(feed) => publish_one(house, feed, content, run),
            None => Err(EngineError::FeedGone { feed: id.clone() }),
        };
        match made {
            Ok(()) => {}
            Err(EngineError::Stopped) => return Outcome::Stopped,
            Err(error) => faults.push((Some(id.clone()), error)),
        }
    }
    if faults.is_empty() { Outcome::Done } else { Outcome::Failed(faults) }
}

fn publish_one(house: House<'_>, feed: &Feed, content: Content, run: &RunRecord) -> Result<(), EngineError> {
    if is_kept(house, &feed.id, run)? {
        tracing::info!(feed = feed.id.as_str(), "an earlier try published it, and it stands");
        return Ok(());
    }
    generate(house, feed, content, run.business_date).map(drop)
}

/// True when an earlier try of this run published the feed and its files stand as published, or a receiver
/// has already taken all of them away. A file with other bytes makes it undone.
fn is_kept(house: House<'_>, feed: &FeedId, run: &RunRecord) -> Result<bool, EngineError> {
    let snapshot = house.store.snapshot()?;
    let parts = snapshot.parts(&run.run_id)?;
    if parts.is_empty() {
        return Ok(false);
    }
    let of_run = |run_id: &str| parts.iter().any(|part| part.run_id == run_id);
    let published = snapshot.publications(Some(feed), None)?;
    let Some(published) = published.into_iter().rev().find(|publication| of_run(&publication.run_id)) else {
        return Ok(false);
    };
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
pub(super) fn deciding<'f>(
    faults: &'f [(Option<FeedId>, EngineError)],
) -> Option<&'f (Option<FeedId>, EngineError)> {
    faults.iter().find(|(_, error)| error.class() == Class::Retry).or_else(|| faults.first())
}

/// A run's state after a try that ended so, when it is not tried again.
pub(super) fn final_state(outcome: &Outcome) -> RunState {
    match outcome {
        Outcome::Done => RunState::Succeeded,
        Outcome::Stopped => RunState::Stopped,
        Outcome::Failed(_) => RunState::Failed,
    }
}
