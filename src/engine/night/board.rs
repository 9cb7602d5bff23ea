//! Tonight's board: how every job stands on a business date, and what it waits for.

use chrono::NaiveDate;
use renkei_core::deadline::Standing;
use renkei_core::dispatch::{Decision, WaitsFor};
use renkei_core::order::Order;
use renkei_core::port::{RunRecord, RunState, SlotRecord, SlotVerdict, Snapshot, StoreError};
use renkei_core::schedule::{DayPlan, WhyNot};
use renkei_core::{FeedId, JobId, Moment};

use super::deadlines::{deadlines, forecast_of};
use super::plan::{NightJob, NightPlan};
use super::queue::{Queued, queue};
use super::slots::is_enabled;

/// One job on one business date.
#[derive(Debug, Clone)]
pub struct JobLine {
    /// The job.
    pub job: JobId,
    /// What people call it.
    pub name: String,
    /// The feeds it serves.
    pub feeds: Vec<FeedId>,
    /// Its next slot of the date that has not come, else its last.
    pub planned: Option<Moment>,
    /// How it stands.
    pub standing: JobStanding,
    /// Its last run for the date.
    pub run: Option<RunRecord>,
    /// When it will be done, where past runs tell.
    pub forecast: Option<Moment>,
    /// Its deadline and how it stands against it.
    pub deadline: Option<(Moment, Standing)>,
}

/// How a job stands.
#[derive(Debug, Clone)]
pub enum JobStanding {
    /// It does not run: switched off.
    Disabled,
    /// It has no schedule and was not asked for.
    OnDemand,
    /// It has nothing to do on the date.
    NotThatDay(WhyNot),
    /// Its slot is to come.
    Planned,
    /// Its slot came and it was skipped.
    Skipped(String),
    /// Its run waits.
    Waiting(WaitsFor),
    /// Its run starts at the scheduler's next look.
    Starting,
    /// Its last run stands so.
    Run(RunState),
}

/// The board of a business date, by job.
pub fn board(
    snapshot: &dyn Snapshot,
    plan: &NightPlan,
    business_date: NaiveDate,
    now: Moment,
) -> Result<Vec<JobLine>, StoreError> {
    let facts = Facts {
        records: snapshot.jobs()?,
        runs: snapshot.runs_for(business_date, business_date)?,
        slots: snapshot.slots_for(business_date, business_date)?,
        queue: queue(snapshot, plan, now)?,
    };
    let standings = deadlines(snapshot, plan, now)?;
    plan.jobs
        .iter()
        .map(|job| {
            let run = facts.runs.iter().rev().find(|run| run.job.as_ref() == Some(&job.id)).cloned();
            let standing = facts.standing(job, run.as_ref(), business_date, now);
            let is_coming = matches!(
                standing,
                JobStanding::Planned
                    | JobStanding::Waiting(_)
                    | JobStanding::Starting
                    | JobStanding::Run(RunState::Running)
            );
            let forecast =
                if is_coming { forecast_of(snapshot, job, run.as_ref(), business_date, now)? } else { None };
            let deadline = standings
                .iter()
                .find(|standing| standing.job == job.id && standing.business_date == business_date)
                .map(|standing| (standing.deadline, standing.standing));
            Ok(JobLine {
                job: job.id.clone(),
                name: job.name.clone(),
                feeds: feeds_of(&job.order),
                planned: planned(job, business_date, now),
                standing,
                run,
                forecast,
                deadline,
            })
        })
        .collect()
}

fn feeds_of(order: &Order) -> Vec<FeedId> {
    order.feeds().to_vec()
}

fn planned(job: &NightJob, business_date: NaiveDate, now: Moment) -> Option<Moment> {
    let dues = job.dues_on(business_date);
    dues.iter().find(|due| due.planned > now).or(dues.last()).map(|due| due.planned)
}

struct Facts {
    records: Vec<renkei_core::port::JobRecord>,
    runs: Vec<RunRecord>,
    slots: Vec<SlotRecord>,
    queue: Vec<Queued>,
}

impl Facts {
    fn standing(
        &self,
        job: &NightJob,
        run: Option<&RunRecord>,
        business_date: NaiveDate,
        now: Moment,
    ) -> JobStanding {
        if let Some(run) = run {
            let queued = self.queue.iter().find(|queued| queued.run.run_id == run.run_id);
            return match queued.map(|queued| &queued.decision) {
                Some(Decision::Wait(reason)) => JobStanding::Waiting(reason.clone()),
                Some(Decision::Start) => JobStanding::Starting,
                None => JobStanding::Run(run.state),
            };
        }
        let record = self.records.iter().find(|record| record.job == job.id);
        if !is_enabled(job, record) {
            return JobStanding::Disabled;
        }
        let Some(timing) = &job.timing else { return JobStanding::OnDemand };
        if let Some(hold) = record.and_then(|record| record.hold.clone()) {
            let (held_by, reason) = (hold.operator, hold.reason);
            return JobStanding::Waiting(WaitsFor::Release { held_by, reason });
        }
        let of_job = |slot: &&SlotRecord| slot.job == job.id && slot.verdict == SlotVerdict::Skipped;
        match timing.schedule.on(business_date) {
            DayPlan::Nothing(why) => JobStanding::NotThatDay(why),
            DayPlan::Runs { dues, .. } => match self.slots.iter().rev().find(of_job) {
                Some(slot) if dues.iter().all(|due| due.planned <= now) => {
                    JobStanding::Skipped(slot.reason.clone())
                }
                _ => JobStanding::Planned,
            },
        }
    }
}
