//! The queue as it stands: which runs wait, what for, and which start now.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use renkei_core::dispatch::{Decision, Needs, Waiting, WaitsFor, decide};
use renkei_core::order::Order;
use renkei_core::port::{JobRecord, RunRecord, RunState, SlotVerdict, Snapshot, StoreError};
use renkei_core::retry::pause_left;
use renkei_core::{JobId, Moment};

use super::plan::{NightJob, NightPlan};
use super::rescue::policy_of;
use super::slots::is_enabled;

/// A run of the queue and what is decided about it.
#[derive(Debug, Clone)]
pub struct Queued {
    /// The run.
    pub run: RunRecord,
    /// Whether it starts now, or what it waits for.
    pub decision: Decision,
}

/// Decides about every waiting run as of one snapshot.
pub fn queue(snapshot: &dyn Snapshot, plan: &NightPlan, now: Moment) -> Result<Vec<Queued>, StoreError> {
    let open = snapshot.open_runs()?;
    let jobs = snapshot.jobs()?;
    let mut days = Days { snapshot, plan, jobs: &jobs, runs: BTreeMap::new() };
    let running: Vec<Needs> =
        open.iter().filter(|run| run.state == RunState::Running).map(|run| needs(plan, run)).collect();
    let mut runs = Vec::new();
    let mut waiting = Vec::new();
    for run in open.into_iter().filter(|run| run.state.waits() && run.cancel_asked_by.is_none()) {
        let job = run.job.as_ref().and_then(|id| plan.job(id));
        waiting.push(Waiting {
            run_id: run.run_id.clone(),
            priority: job.map_or(0, |job| job.priority),
            needs: needs(plan, &run),
            blocked: days.blocked(&run, job, now)?,
        });
        runs.push(run);
    }
    let decided = decide(&waiting, &running, &plan.limits);
    Ok(runs.into_iter().zip(decided).map(|(run, decision)| Queued { run, decision }).collect())
}

fn needs(plan: &NightPlan, run: &RunRecord) -> Needs {
    let Some(order) = Order::parse(&run.order) else { return Needs::default() };
    match run.job.as_ref().and_then(|id| plan.job(id)) {
        Some(job) => job.needs(&order),
        None => Needs { resources: order.alone_with(), feeds: order.feeds().to_vec() },
    }
}

/// What is known of business dates, looked up once each.
struct Days<'d> {
    snapshot: &'d dyn Snapshot,
    plan: &'d NightPlan,
    jobs: &'d [JobRecord],
    runs: BTreeMap<NaiveDate, Vec<RunRecord>>,
}

/// How a job that others come after stands on a business date.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Done,
    Missing,
    /// It has nothing to do that day.
    NotComing,
}

impl Days<'_> {
    fn record(&self, job: &JobId) -> Option<&JobRecord> {
        self.jobs.iter().find(|record| record.job == *job)
    }

    fn blocked(
        &mut self,
        run: &RunRecord,
        job: Option<&NightJob>,
        now: Moment,
    ) -> Result<Option<WaitsFor>, StoreError> {
        let policy = policy_of(self.plan, run);
        if let Some(until) = run.not_before.and_then(|until| pause_left(&policy, until, now)) {
            return Ok(Some(WaitsFor::Retry { until }));
        }
        let Some(id) = &run.job else { return Ok(None) };
        if let Some(hold) = self.record(id).and_then(|record| record.hold.as_ref()) {
            let (held_by, reason) = (hold.operator.clone(), hold.reason.clone());
            return Ok(Some(WaitsFor::Release { held_by, reason }));
        }
        // An operator's own wish goes through a stop window and before other jobs: he knows why.
        if run.trigger == renkei_core::port::Trigger::Operator {
            return Ok(None);
        }
        if let Some(until) = self.plan.stop_windows.until(id, now) {
            return Ok(Some(WaitsFor::StopWindow { until }));
        }
        let Some(job) = job else { return Ok(None) };
        let mut missing = Vec::new();
        let mut n_done = 0;
        for before in &job.after.jobs {
            match self.standing(before, run.business_date)? {
                Before::Done => n_done += 1,
                Before::Missing => missing.push(before.clone()),
                Before::NotComing => {}
            }
        }
        let is_enough = missing.is_empty() || (job.after.any && n_done > 0);
        Ok((!is_enough).then_some(WaitsFor::Jobs { jobs: missing }))
    }

    /// How a job stands on a business date: by its last run there, else by whether it has a slot then.
    fn standing(&mut self, id: &JobId, date: NaiveDate) -> Result<Before, StoreError> {
        if !self.runs.contains_key(&date) {
            self.runs.insert(date, self.snapshot.runs_for(date, date)?);
        }
        let runs = self.runs.get(&date).map(Vec::as_slice).unwrap_or_default();
        let of_job = runs.iter().rev().filter(|run| run.job.as_ref() == Some(id));
        if let Some(last) = of_job.clone().find(|run| run.state != RunState::Cancelled) {
            let is_done = last.state == RunState::Succeeded;
            return Ok(if is_done { Before::Done } else { Before::Missing });
        }
        let Some(job) = self.plan.job(id) else { return Ok(Before::NotComing) };
        if !is_enabled(job, self.record(id)) || !job.is_due_on(date) {
            return Ok(Before::NotComing);
        }
        let slots = self.snapshot.slots_for(date, date)?;
        let is_skipped = job.dues_on(date).iter().all(|due| {
            slots.iter().any(|slot| {
                slot.job == *id && slot.planned == due.planned && slot.verdict == SlotVerdict::Skipped
            })
        });
        Ok(if is_skipped { Before::NotComing } else { Before::Missing })
    }
}
