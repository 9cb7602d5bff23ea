//! A run (実行) on record: started before the work, each step as it ends, ended with the work.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use chrono::NaiveDate;
use renkei_core::port::{AuditEntry, RunRecord, RunState, StepRecord, StoreError, Transaction, Trigger};
use renkei_core::{Fault, Moment};

use crate::error::EngineError;
use crate::house::House;

/// A run under way.
pub(crate) struct Run<'h> {
    house: House<'h>,
    record: RunRecord,
    subject: String,
    step: Option<OpenStep>,
    n_steps: u32,
    /// Steps that ended and are not in the database yet; they go with the next transaction.
    ended: Vec<StepRecord>,
}

struct OpenStep {
    name: &'static str,
    started_at: Moment,
    started: Instant,
}

impl<'h> Run<'h> {
    /// Records that a run starts.
    pub(crate) fn start(
        house: House<'h>,
        what: String,
        subject: &str,
        business_date: NaiveDate,
    ) -> Result<Self, EngineError> {
        Self::start_over(house, what, subject, business_date, None)
    }

    /// Records that a run starts which does again what the run `redoes` did.
    pub(crate) fn start_over(
        house: House<'h>,
        what: String,
        subject: &str,
        business_date: NaiveDate,
        redoes: Option<&str>,
    ) -> Result<Self, EngineError> {
        let now = house.clock.now();
        let record = RunRecord {
            parent: house.parent.map(str::to_owned),
            redoes: redoes.map(str::to_owned),
            state: RunState::Running,
            n_attempts: 1,
            started_at: Some(now.to_string()),
            ..new_run(house, what, business_date)
        };
        let mut tx = house.store.begin()?;
        tx.put_run(&record)?;
        tx.commit()?;
        tracing::info!(run.id = record.run_id, run.what = record.what, "a run starts");
        Ok(Self { house, record, subject: subject.to_owned(), step: None, n_steps: 0, ended: Vec::new() })
    }

    /// The run's id.
    pub(crate) fn id(&self) -> &str {
        &self.record.run_id
    }

    /// Begins a step.
    pub(crate) fn begin_step(&mut self, name: &'static str) {
        self.step = Some(OpenStep { name, started_at: self.house.clock.now(), started: Instant::now() });
    }

    /// Ends the step begun last; `outcome` says what it made.
    pub(crate) fn end_step(&mut self, outcome: String) {
        self.close_step(RunState::Succeeded, outcome);
    }

    fn close_step(&mut self, state: RunState, outcome: String) {
        let Some(step) = self.step.take() else { return };
        self.n_steps += 1;
        self.ended.push(StepRecord {
            run_id: self.record.run_id.clone(),
            step_no: self.n_steps,
            name: step.name.to_owned(),
            subject: self.subject.clone(),
            state,
            outcome,
            started_at: step.started_at.to_string(),
            duration_ms: u64::try_from(step.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
    }

    /// Writes the steps that ended into a transaction.
    pub(crate) fn put_steps(&mut self, tx: &mut dyn Transaction) -> Result<(), StoreError> {
        self.ended.drain(..).try_for_each(|step| tx.put_step(&step))
    }

    /// Records success within the transaction that completes the work.
    pub(crate) fn succeed(mut self, tx: &mut dyn Transaction) -> Result<(), StoreError> {
        self.put_steps(tx)?;
        self.record.state = RunState::Succeeded;
        self.record.ended_at = Some(self.house.clock.now().to_string());
        tx.put_run(&self.record)
    }

    /// Records the fault that ended the run. That the record may fail too does not hide the fault.
    pub(crate) fn fail(mut self, fault: &dyn Fault) {
        let state = if fault.code() == STOPPED { RunState::Stopped } else { RunState::Failed };
        self.close_step(state, fault.code().to_owned());
        self.record.state = state;
        self.record.fault_code = Some(fault.code().to_owned());
        self.record.fault_class = Some(fault.class());
        self.record.fault_text = Some(causes(fault));
        self.record.ended_at = Some(self.house.clock.now().to_string());
        // Whoever handles the fault tells it; this line only ties it to the run.
        tracing::info!(run.id = self.record.run_id, fault.code = fault.code(), "the run failed");
        let recorded = self.house.store.begin().and_then(|mut tx| {
            self.ended.drain(..).try_for_each(|step| tx.put_step(&step))?;
            tx.put_run(&self.record)?;
            if self.record.parent.is_none() {
                tx.append_audit(&end_audit(&self.record, self.house.clock.now()))?;
            }
            tx.commit()
        });
        if let Err(error) = recorded {
            tracing::error!(
                run.id = self.record.run_id,
                fault.code = error.code(),
                "the failure could not be recorded"
            );
        }
    }
}

/// The code of the fault that is none: the work was asked to end and did, at a safe point.
pub(crate) const STOPPED: &str = "engine.stopped";

/// A run that somebody asks for now.
pub(crate) fn new_run(house: House<'_>, what: String, business_date: NaiveDate) -> RunRecord {
    let now = house.clock.now();
    RunRecord {
        run_id: new_run_id(now),
        parent: None,
        what,
        job: None,
        planned: None,
        business_date,
        trigger: Trigger::Operator,
        operator: house.operator.to_owned(),
        reason: house.reason.to_owned(),
        redoes: None,
        order: String::new(),
        state: RunState::Queued,
        n_attempts: 0,
        not_before: None,
        fault_code: None,
        fault_class: None,
        fault_text: None,
        cancel_asked_by: None,
        queued_at: now.to_string(),
        started_at: None,
        ended_at: None,
    }
}

/// The audit's line on the end of a run that is no part of another.
pub(crate) fn end_audit(run: &RunRecord, now: Moment) -> AuditEntry {
    let fault = run.fault_code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
    let operator = run.cancel_asked_by.as_deref().unwrap_or(&run.operator);
    let action = format!("run {} {}", run.run_id, run.what);
    let result = format!("{}{fault}", run.state.as_str());
    AuditEntry::new(now.to_string(), operator, action, &run.reason, result)
}

/// A fault and what caused it, outermost first.
pub(crate) fn causes(fault: &dyn Fault) -> String {
    let mut text = fault.to_string();
    let mut source = fault.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// A sortable id, unique among all runs of a hub. The clock counts seconds; within one, ids of all processes go
/// by the system's milliseconds, and within a process they rise even where it stands still.
fn new_run_id(now: Moment) -> String {
    static LAST_MS: AtomicU64 = AtomicU64::new(0);
    let unix_ms = now.local().and_utc().timestamp_millis() - 9 * 3_600_000;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_ms = u64::try_from(unix_ms).unwrap_or(0) + u64::from(since.subsec_millis());
    // A clock that was set back far is believed; one within its second is counted on.
    let next = |last: u64| if last.abs_diff(now_ms) < 2_000 { last.max(now_ms) + 1 } else { now_ms };
    let last = LAST_MS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
    let ms = next(last.unwrap_or(0));
    ulid::Ulid::from_parts(ms, ulid::Ulid::generate().random()).to_string().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_within_a_second_and_follow_the_clock() {
        let at = |time: &str| Moment::parse(&format!("2026-10-02T{time}+09:00")).unwrap();
        let ids: Vec<String> = (0..50).map(|_| new_run_id(at("01:30:00"))).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        assert!(new_run_id(at("01:30:05")) > ids[49]);
        assert!(new_run_id(at("01:00:00")) < ids[0]);
    }
}
