//! A run's tries on record: begun, concluded, rescued after a crash.

use renkei_core::port::{AttemptRecord, RunRecord, RunState};
use renkei_core::retry::{Next, RetryPolicy, after_fault};
use renkei_core::{Class, Fault, Moment};

use super::work::{Outcome, deciding, final_state};
use crate::error::EngineError;
use crate::house::House;
use crate::run::{causes, end_audit};

/// Records that a try of a waiting run begins, and gives the run as it stands now.
pub fn begin(house: House<'_>, run: &RunRecord) -> Result<RunRecord, EngineError> {
    let attempt_no = next_attempt_no(house, run)?;
    let now = house.clock.now().to_string();
    let begun = RunRecord {
        state: RunState::Running,
        n_attempts: run.n_attempts + 1,
        not_before: None,
        started_at: run.started_at.clone().or_else(|| Some(now.clone())),
        ended_at: None,
        ..run.clone()
    };
    let attempt = AttemptRecord {
        run_id: run.run_id.clone(),
        attempt_no,
        state: RunState::Running,
        fault_code: None,
        fault_class: None,
        fault_text: None,
        started_at: now,
        ended_at: None,
    };
    let mut tx = house.store.begin()?;
    tx.put_run(&begun)?;
    tx.put_attempt(&attempt)?;
    tx.commit()?;
    house.witness.reached("night.started");
    tracing::info!(run.id = run.run_id, run.what = run.what, attempt = attempt_no, "a run starts");
    Ok(begun)
}

/// Records how a try ended and what follows: the end, or another try later. Gives the run as it stands now.
///
/// A clean stop does not count as a try. A wish to cancel ends the run whatever the try came to, unless it
/// was done by then.
pub fn conclude(
    house: House<'_>,
    run: &RunRecord,
    outcome: &Outcome,
    policy: &RetryPolicy,
    dice: u32,
) -> Result<RunRecord, EngineError> {
    let now = house.clock.now();
    let mut attempt = house.store.snapshot()?.attempts(&run.run_id)?.pop().unwrap_or(AttemptRecord {
        run_id: run.run_id.clone(),
        attempt_no: 1,
        state: RunState::Running,
        fault_code: None,
        fault_class: None,
        fault_text: None,
        started_at: now.to_string(),
        ended_at: None,
    });
    let cancelled = house.store.snapshot()?.run(&run.run_id)?.and_then(|run| run.cancel_asked_by);
    let mut ended = RunRecord { not_before: None, ended_at: Some(now.to_string()), ..run.clone() };
    set_fault(&mut ended, None);
    ended.state = final_state(outcome);
    match outcome {
        Outcome::Done | Outcome::Held => {}
        Outcome::Stopped => ended.n_attempts = ended.n_attempts.saturating_sub(1),
        Outcome::Failed(faults) => {
            if let Some((_, error)) = deciding(faults) {
                set_fault(&mut ended, Some(error));
                if let Next::TryAgain(at) = after_fault(policy, error.class(), ended.n_attempts, now, dice) {
                    ended.state = RunState::Retrying;
                    ended.not_before = Some(at);
                }
            }
        }
    }
    attempt.state = if ended.state == RunState::Retrying { RunState::Failed } else { ended.state };
    let is_made = matches!(ended.state, RunState::Succeeded | RunState::Held);
    if !is_made && cancelled.is_some() {
        ended.state = RunState::Cancelled;
        ended.not_before = None;
        // Its end is the work of who called it off.
        ended.cancel_asked_by.clone_from(&cancelled);
        attempt.state = RunState::Cancelled;
    }
    if !ended.state.is_final() {
        ended.ended_at = None;
    }
    attempt.fault_code.clone_from(&ended.fault_code);
    attempt.fault_class = ended.fault_class;
    attempt.fault_text.clone_from(&ended.fault_text);
    attempt.ended_at = Some(now.to_string());
    let mut tx = house.store.begin()?;
    tx.put_run(&ended)?;
    tx.put_attempt(&attempt)?;
    if ended.state.is_final() {
        tx.append_audit(&end_audit(&ended, now))?;
    }
    tx.commit()?;
    house.witness.reached("night.concluded");
    let state = ended.state.as_str();
    tracing::info!(run.id = run.run_id, attempt = attempt.attempt_no, state, "a try of a run ended");
    Ok(ended)
}

/// Sends a run that was cut off back through the retry policy: a crash counts as a try.
pub(super) fn rescued(run: &RunRecord, policy: &RetryPolicy, now: Moment, dice: u32) -> RunRecord {
    let mut rescued = RunRecord { ended_at: None, ..run.clone() };
    match after_fault(policy, Class::Retry, run.n_attempts, now, dice) {
        Next::TryAgain(_) if run.n_attempts <= 1 => {
            // The first time it is most likely the machine, not the run: no pause.
            rescued.state = RunState::Retrying;
            rescued.not_before = Some(now);
        }
        Next::TryAgain(at) => {
            rescued.state = RunState::Retrying;
            rescued.not_before = Some(at);
        }
        Next::Stop => {
            set_fault(&mut rescued, Some(&EngineError::CutOff { n_tries: run.n_attempts }));
            rescued.state = RunState::Failed;
            rescued.ended_at = Some(now.to_string());
        }
    }
    rescued
}

/// Ends a run that waits: nothing of it was begun, or what was begun stays as it is.
pub fn cancel_waiting(house: House<'_>, run: &RunRecord) -> Result<(), EngineError> {
    let now = house.clock.now();
    let cancelled = RunRecord {
        state: RunState::Cancelled,
        not_before: None,
        ended_at: Some(now.to_string()),
        ..run.clone()
    };
    let mut tx = house.store.begin()?;
    tx.put_run(&cancelled)?;
    tx.append_audit(&end_audit(&cancelled, now))?;
    tx.commit()?;
    Ok(())
}

fn set_fault(run: &mut RunRecord, fault: Option<&dyn Fault>) {
    run.fault_code = fault.map(|fault| fault.code().to_owned());
    run.fault_class = fault.map(Fault::class);
    run.fault_text = fault.map(causes);
}

fn next_attempt_no(house: House<'_>, run: &RunRecord) -> Result<u32, EngineError> {
    let attempts = house.store.snapshot()?.attempts(&run.run_id)?;
    Ok(attempts.last().map_or(1, |last| last.attempt_no + 1))
}
