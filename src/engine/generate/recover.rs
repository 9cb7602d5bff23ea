//! Going on after a crash: what was sealed is finished, what was not is swept away.

use renkei_core::notice::Notice;
use renkei_core::port::{MendingRecord, PublicationRecord, RunState};
use renkei_core::publication::{Kind, Progress};
use renkei_core::{FeedId, FileName, Sequence};

use super::mending;
use super::publish::{Way, publication_audit};
use super::stage_name;
use crate::archive;
use crate::error::EngineError;
use crate::house::House;
use crate::run::end_audit;
use crate::transfer;

/// How many runs are looked at for ones that were cut off.
const RUNS_LOOKED_AT: u32 = 1_000;

/// What recovery found and did.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Publications that were sealed and now stand in their folders.
    pub finished: Vec<(FeedId, Sequence)>,
    /// Publications whose files the folders do not take or no longer have; a full of their feed replaces them. And
    /// files of transfer cases that are not with their receivers.
    pub unfinished: Vec<EngineError>,
    /// Runs that were cut off.
    pub n_interrupted_runs: usize,
    /// Stages swept away.
    pub n_stages_removed: usize,
}

impl Recovered {
    /// True when everything was in order.
    pub fn is_nothing(&self) -> bool {
        let Self { finished, unfinished, n_interrupted_runs, n_stages_removed } = self;
        finished.is_empty() && unfinished.is_empty() && n_interrupted_runs + n_stages_removed == 0
    }
}

/// Finishes sealed publications, marks runs that were cut off, and clears stages. Only one process may
/// work on a root, so whatever is under way in the database is not under way any more. What the folders
/// refuse concerns one feed: it keeps its stage and is tried again at the next start.
pub fn recover(house: House<'_>) -> Result<Recovered, EngineError> {
    let mut recovered = Recovered::default();
    let sealed = house.store.snapshot()?.publications(None, Some(Progress::Sealed))?;
    let mut kept_stages = held_stages(house)?;
    for publication in sealed {
        if is_replaced(house, &publication)? {
            continue;
        }
        match finish(house, &publication) {
            Err(EngineError::Folder(source)) => {
                kept_stages.push(stage_name(&publication.run_id)?);
                let PublicationRecord { feed, sequence, .. } = publication;
                recovered.unfinished.push(EngineError::Unfinished { feed, sequence, source });
                continue;
            }
            finished => finished?,
        }
        tracing::info!(
            feed = publication.feed.as_str(),
            sequence = publication.sequence.0,
            "a publication that was cut off is finished"
        );
        recovered.finished.push((publication.feed, publication.sequence));
        house.witness.reached("recover.finished-one");
    }
    let mendings = house.store.snapshot()?.mendings(None, None)?;
    for (at, mending) in mendings.iter().enumerate().filter(|(_, one)| one.progress == Progress::Sealed) {
        let mut later = mendings.iter().skip(at + 1);
        let newer = later.rfind(|later| (&later.feed, &later.receiver) == (&mending.feed, &mending.receiver));
        if let Some(newer) = newer {
            mending::supersede(house, mending, newer)?;
            continue;
        }
        match mending::finish(house, mending) {
            Err(EngineError::Folder(source)) => {
                kept_stages.push(stage_name(&mending.run_id)?);
                let MendingRecord { feed, sequence, .. } = mending.clone();
                recovered.unfinished.push(EngineError::Unfinished { feed, sequence, source });
                continue;
            }
            finished => finished?,
        }
        recovered.finished.push((mending.feed.clone(), mending.sequence));
        house.witness.reached("recover.finished-one");
    }
    archive::complete(house)?;
    recovered.unfinished.extend(transfer::go_on(house)?);
    kept_stages.extend(transfer::stages_on_the_way(house)?);
    recovered.n_interrupted_runs = close_runs(house)?;
    for stage in house.folders.stages()?.into_iter().filter(|stage| !kept_stages.contains(stage)) {
        house.folders.discard_stage(&stage)?;
        recovered.n_stages_removed += 1;
    }
    house.witness.reached("recover.done");
    Ok(recovered)
}

/// The stages of what waits for a release: they are nobody's to sweep.
fn held_stages(house: House<'_>) -> Result<Vec<FileName>, EngineError> {
    let held = house.store.snapshot()?.publications(None, Some(Progress::Held))?;
    held.iter().map(|held| stage_name(&held.run_id)).collect()
}

/// True when a later full was published: it gives receivers all that this publication would have.
fn is_replaced(house: House<'_>, publication: &PublicationRecord) -> Result<bool, EngineError> {
    let published =
        house.store.snapshot()?.publications(Some(&publication.feed), Some(Progress::Published))?;
    Ok(published.iter().any(|later| later.kind == Kind::Full && later.sequence > publication.sequence))
}

/// Repeats the steps from the seal on.
pub(crate) fn finish(house: House<'_>, publication: &PublicationRecord) -> Result<(), EngineError> {
    let notice = Notice::parse(publication.notice.as_bytes())?;
    let way = Way::of(publication, &notice)?;
    if !house.folders.stages()?.contains(&way.stage) {
        // Cleared by hand, or after everything was moved; what was not moved is then reported as lost.
        house.folders.begin_stage(&way.stage)?;
    }
    way.go(house, None)?;
    let mut tx = house.store.begin()?;
    tx.settle(&publication.feed, publication.sequence)?;
    tx.append_audit(&publication_audit(house, &notice))?;
    tx.commit()?;
    house.folders.discard_stage(&way.stage)?;
    Ok(())
}

/// Marks runs that were under way as interrupted, with their tries. One with an order goes back through the
/// retry policy: that is the scheduler's.
fn close_runs(house: House<'_>) -> Result<usize, EngineError> {
    let snapshot = house.store.snapshot()?;
    let runs = snapshot.runs(RUNS_LOOKED_AT)?;
    let cut_off: Vec<_> = runs.into_iter().filter(|run| run.state == RunState::Running).collect();
    if cut_off.is_empty() {
        return Ok(0);
    }
    let now = house.clock.now().to_string();
    let mut tx = house.store.begin()?;
    for run in &cut_off {
        let mut run = run.clone();
        run.state = RunState::Interrupted;
        run.ended_at = Some(now.clone());
        tx.put_run(&run)?;
        if run.parent.is_none() && run.order.is_empty() {
            // A command's own: nobody goes on with it.
            tx.append_audit(&end_audit(&run, house.clock.now()))?;
        }
        for mut attempt in snapshot.attempts(&run.run_id)? {
            if attempt.state == RunState::Running {
                attempt.state = RunState::Interrupted;
                attempt.ended_at = Some(now.clone());
                tx.put_attempt(&attempt)?;
            }
        }
    }
    tx.commit()?;
    Ok(cut_off.len())
}
