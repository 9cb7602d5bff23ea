//! Slots that came: each becomes a run, or is skipped for a reason, and is never seen again.

use renkei_core::port::{
    AuditEntry, JobRecord, RunRecord, RunState, SlotRecord, SlotVerdict, Snapshot, Transaction, Trigger,
};
use renkei_core::schedule::{Accounted, CatchUp, Verdict, keeper};
use renkei_core::{Digest, Moment};

use super::plan::{NightJob, NightPlan, Timing};
use crate::error::EngineError;
use crate::house::House;
use crate::run::new_run;

/// A watermark is written at least this often, so that a restart has little to look back on.
const SAVE_EVERY_S: i64 = 600;

/// What was found when slots were accounted for.
#[derive(Debug, Default)]
pub struct SlotsSeen {
    /// Runs that were queued.
    pub queued: Vec<RunRecord>,
    /// Slots that were skipped.
    pub skipped: Vec<SlotRecord>,
    /// Set where the clock stands before a time at which slots were accounted for.
    pub clock_set_back_from: Option<Moment>,
}

/// Accounts for every slot that came since the last time, job by job, in one transaction each.
pub fn account_slots(house: House<'_>, plan: &NightPlan) -> Result<SlotsSeen, EngineError> {
    let mut seen = SlotsSeen::default();
    let records = house.store.snapshot()?.jobs()?;
    let now = house.clock.now();
    for job in &plan.jobs {
        let Some(timing) = &job.timing else { continue };
        let record = records.iter().find(|record| record.job == job.id);
        account_job(house, job, timing, record, now, &mut seen)?;
    }
    Ok(seen)
}

/// Accounts for every slot up to now and notes that, before another plan takes over: the new one is not to
/// judge the time before it.
pub fn close_books(house: House<'_>, plan: &NightPlan) -> Result<SlotsSeen, EngineError> {
    let seen = account_slots(house, plan)?;
    let now = house.clock.now();
    let mut tx = house.store.begin()?;
    for job in plan
        .jobs
        .iter()
        .filter(|job| job.timing.as_ref().is_some_and(|t| t.schedule.settled_through(now) == now))
    {
        tx.set_accounted(&job.id, now)?;
    }
    tx.commit()?;
    Ok(seen)
}

/// Whether a job runs: as declared, unless an operator switched it.
pub fn is_enabled(job: &NightJob, record: Option<&JobRecord>) -> bool {
    record.and_then(|record| record.enabled).unwrap_or(job.is_enabled)
}

fn account_job(
    house: House<'_>,
    job: &NightJob,
    timing: &Timing,
    record: Option<&JobRecord>,
    now: Moment,
    seen: &mut SlotsSeen,
) -> Result<(), EngineError> {
    let Some(mut through) = record.and_then(|record| record.accounted_through) else {
        // A job owes nothing from before it was first seen.
        return save(house, job, now);
    };
    if through > now {
        seen.clock_set_back_from = seen.clock_set_back_from.max(Some(through));
    } else if !is_enabled(job, record) {
        // A disabled job owes nothing.
        return if now.since(through).num_seconds() >= SAVE_EVERY_S { save(house, job, now) } else { Ok(()) };
    }
    loop {
        let look = keeper::look(&timing.schedule, &timing.catch_up, through, now);
        let is_news = !look.slots.is_empty() || look.forgets_skipped_after.is_some();
        if is_news || look.through.since(through).num_seconds() >= SAVE_EVERY_S {
            let snapshot = house.store.snapshot()?;
            let mut tx = house.store.begin()?;
            if let Some(after) = look.forgets_skipped_after {
                tx.forget_skipped(&job.id, after)?;
            }
            for slot in &look.slots {
                put(house, job, timing, slot, now, tx.as_mut(), snapshot.as_ref(), seen)?;
            }
            tx.set_accounted(&job.id, look.through)?;
            tx.commit()?;
            if is_news {
                house.witness.reached("night.queued");
            }
        }
        if look.through >= now || look.through <= through {
            return Ok(());
        }
        through = look.through;
    }
}

fn save(house: House<'_>, job: &NightJob, now: Moment) -> Result<(), EngineError> {
    let mut tx = house.store.begin()?;
    tx.set_accounted(&job.id, now)?;
    Ok(tx.commit()?)
}

#[expect(
    clippy::too_many_arguments,
    reason = "one slot's part of `account_job`, which has all of these at hand"
)]
fn put(
    house: House<'_>,
    job: &NightJob,
    timing: &Timing,
    slot: &Accounted,
    now: Moment,
    tx: &mut dyn Transaction,
    snapshot: &dyn Snapshot,
    seen: &mut SlotsSeen,
) -> Result<(), EngineError> {
    let mut record = SlotRecord {
        job: job.id.clone(),
        business_date: slot.due.business_date,
        planned: slot.due.planned,
        verdict: SlotVerdict::Skipped,
        reason: String::new(),
        run_id: None,
        seen_at: now.to_string(),
    };
    let trigger = match &slot.verdict {
        Verdict::Skipped(missed) => {
            record.reason = missed.to_string();
            if tx.put_slot(&record)? {
                tracing::warn!(job = job.id.as_str(), planned = %record.planned, reason = record.reason, "a slot is skipped");
                tx.append_audit(&skip_audit(&record, now))?;
                seen.skipped.push(record);
            }
            return Ok(());
        }
        Verdict::OnTime => (SlotVerdict::OnTime, Trigger::Schedule),
        Verdict::CaughtUp => (SlotVerdict::CaughtUp, Trigger::CatchUp),
    };
    let already = snapshot.slots_for(record.business_date, record.business_date)?;
    if already.iter().any(|old| old.job == record.job && old.planned == record.planned) {
        // The clock was set back over it.
        return Ok(());
    }
    let run = RunRecord {
        job: Some(job.id.clone()),
        planned: Some(record.planned),
        trigger: trigger.1,
        order: job.order.to_json(),
        ..new_run(house, format!("job {}", job.id), record.business_date)
    };
    if timing.catch_up.rule != CatchUp::All {
        overtake(snapshot, &record, now, tx, seen)?;
    }
    record.verdict = trigger.0;
    record.run_id = Some(run.run_id.clone());
    tx.put_run(&run)?;
    tx.put_slot(&record)?;
    seen.queued.push(run);
    Ok(())
}

/// Earlier slots of the job whose runs never started have nothing to do that the new one does not.
fn overtake(
    snapshot: &dyn Snapshot,
    newer: &SlotRecord,
    now: Moment,
    tx: &mut dyn Transaction,
    seen: &mut SlotsSeen,
) -> Result<(), EngineError> {
    let never_started = |run: &RunRecord| {
        run.state == RunState::Queued
            && run.n_attempts == 0
            && run.trigger != Trigger::Operator
            && run.job.as_ref() == Some(&newer.job)
            && run.business_date == newer.business_date
    };
    let queued = snapshot.open_runs()?;
    let overtaken: Vec<RunRecord> =
        queued.iter().chain(&seen.queued).filter(|run| never_started(run)).cloned().collect();
    seen.queued.retain(|run| !never_started(run));
    for run in overtaken {
        let Some(planned) = run.planned else { continue };
        let reason = format!("overtaken by the slot of {}", newer.planned);
        let ended = RunRecord { state: RunState::Cancelled, ended_at: Some(now.to_string()), ..run };
        tx.put_run(&ended)?;
        let slot = SlotRecord { planned, business_date: ended.business_date, ..newer.clone() };
        tx.skip_slot(&slot, &reason)?;
        let slot = SlotRecord { reason, run_id: Some(ended.run_id.clone()), ..slot };
        tx.append_audit(&skip_audit(&slot, now))?;
        seen.skipped.push(slot);
    }
    Ok(())
}

fn skip_audit(slot: &SlotRecord, now: Moment) -> AuditEntry {
    AuditEntry {
        audit_no: 0,
        at: now.to_string(),
        operator: "scheduler".to_owned(),
        action: format!("slot {} of job {} for {}", slot.planned, slot.job, slot.business_date),
        reason: slot.reason.clone(),
        result: "skipped".to_owned(),
        chain_sha256: Digest([0; 32]),
    }
}
