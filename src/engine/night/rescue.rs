//! Runs that were cut off or that somebody called off, put back in order before anything starts.

use renkei_core::port::{RunRecord, RunState};
use renkei_core::retry::RetryPolicy;

use super::conclude::{cancel_waiting, rescued};
use super::plan::NightPlan;
use crate::error::EngineError;
use crate::house::House;
use crate::run::end_audit;

/// What was put in order.
#[derive(Debug, Default)]
pub struct Rescued {
    /// Runs that were cut off and are tried again.
    pub going_on: Vec<RunRecord>,
    /// Runs that were cut off too often.
    pub given_up: Vec<RunRecord>,
}

/// Sends runs that were cut off back through their retry policy, and ends waiting runs that were called off.
pub fn rescue(house: House<'_>, plan: &NightPlan, dice: u32) -> Result<Rescued, EngineError> {
    let mut found = Rescued::default();
    for run in house.store.snapshot()?.open_runs()? {
        if run.state.waits() && run.cancel_asked_by.is_some() {
            cancel_waiting(house, &run)?;
            continue;
        }
        if run.state != RunState::Interrupted {
            continue;
        }
        let policy = policy_of(plan, &run);
        let run = rescued(&run, &policy, house.clock.now(), dice);
        let mut tx = house.store.begin()?;
        tx.put_run(&run)?;
        if run.state.is_final() {
            tx.append_audit(&end_audit(&run, house.clock.now()))?;
        }
        tx.commit()?;
        if run.state == RunState::Failed {
            found.given_up.push(run);
        } else {
            found.going_on.push(run);
        }
    }
    Ok(found)
}

/// The policy of a run's job; the default where the job is no longer declared.
pub(super) fn policy_of(plan: &NightPlan, run: &RunRecord) -> RetryPolicy {
    run.job.as_ref().and_then(|id| plan.job(id)).map(|job| job.retry).unwrap_or_default()
}
