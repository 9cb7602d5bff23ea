//! Runs whose publication was held, once a person has decided.

use renkei_core::port::{RunRecord, RunState};
use renkei_core::publication::Progress;

use crate::error::EngineError;
use crate::house::House;
use crate::run::end_audit;

/// Ends every run of a job that was held and has nothing held any more: released, it is done; discarded, it is
/// called off. Gives the runs that ended.
pub fn settle_held(house: House<'_>) -> Result<Vec<RunRecord>, EngineError> {
    let snapshot = house.store.snapshot()?;
    let mut settled = Vec::new();
    for run in snapshot.held_runs()? {
        let parts = snapshot.parts(&run.run_id)?;
        let made: Vec<Progress> = snapshot
            .publications(None, None)?
            .iter()
            .filter(|publication| parts.iter().any(|part| part.run_id == publication.run_id))
            .map(|publication| publication.progress)
            .collect();
        if made.iter().any(|progress| matches!(progress, Progress::Held | Progress::Sealed)) {
            continue;
        }
        let is_given_up = made.contains(&Progress::Discarded);
        let state = if is_given_up { RunState::Cancelled } else { RunState::Succeeded };
        let now = house.clock.now();
        let ended = RunRecord { state, ended_at: Some(now.to_string()), ..run };
        let mut tx = house.store.begin()?;
        tx.put_run(&ended)?;
        tx.append_audit(&end_audit(&ended, now))?;
        tx.commit()?;
        settled.push(ended);
    }
    Ok(settled)
}
