//! How the jobs of these days stand against their deadlines.

use chrono::{Days, NaiveDate};
use renkei_core::deadline::{N_RUNS_LOOKED_AT, Progress, Standing, assess, forecast, typical_ms};
use renkei_core::port::{JobRecord, RunRecord, RunState, SlotRecord, SlotVerdict, Snapshot, StoreError};
use renkei_core::retry::pause_left;
use renkei_core::{JobId, Moment};

use super::plan::{NightJob, NightPlan};
use super::slots::is_enabled;

/// A deadline further back than this is no longer looked at.
const DAYS_LOOKED_BACK: u64 = 3;

/// How a job's work for a business date stands.
#[derive(Debug, Clone)]
pub struct DeadlineStanding {
    /// The job.
    pub job: JobId,
    /// The business date.
    pub business_date: NaiveDate,
    /// The limit.
    pub deadline: Moment,
    /// How it stands.
    pub standing: Standing,
    /// True when the work is done, in time or late.
    pub is_done: bool,
}

/// Every job with a deadline and work on one of these business dates.
pub fn deadlines(
    snapshot: &dyn Snapshot,
    plan: &NightPlan,
    now: Moment,
) -> Result<Vec<DeadlineStanding>, StoreError> {
    let mut found = Vec::new();
    let with_deadline: Vec<_> =
        plan.jobs.iter().filter_map(|job| Some((job, job.deadline.as_ref()?))).collect();
    if with_deadline.is_empty() {
        return Ok(found);
    }
    let records = snapshot.jobs()?;
    let today = now.date();
    let from = today - Days::new(DAYS_LOOKED_BACK);
    let runs = snapshot.runs_for(from, today)?;
    let slots = snapshot.slots_for(from, today)?;
    for (job, deadline) in with_deadline {
        let record = records.iter().find(|record| record.job == job.id);
        let mut typical = None;
        for business_date in from.iter_days().take_while(|day| *day <= today) {
            let of_day = |run: &&RunRecord| {
                run.job.as_ref() == Some(&job.id)
                    && run.business_date == business_date
                    && run.state != RunState::Cancelled
            };
            let last = runs.iter().rev().find(of_day);
            let is_owed = is_enabled(job, record) && is_to_come(job, business_date, record, &slots);
            if last.is_none() && !is_owed {
                continue;
            }
            let limit = deadline.on(business_date);
            if typical.is_none() {
                typical = Some(typical_of(snapshot, job)?);
            }
            let progress = progress_of(last, job, business_date, now);
            let standing = assess(limit, deadline.warning, progress, typical.flatten(), now);
            let is_done = matches!(progress, Progress::Done(_));
            let job = job.id.clone();
            found.push(DeadlineStanding { job, business_date, deadline: limit, standing, is_done });
        }
    }
    Ok(found)
}

/// Whether a slot of the date is on record and not skipped, or still to come. What was due before the job was
/// first seen is neither.
fn is_to_come(job: &NightJob, date: NaiveDate, record: Option<&JobRecord>, slots: &[SlotRecord]) -> bool {
    let Some(through) = record.and_then(|record| record.accounted_through) else { return false };
    let of_job = |slot: &&SlotRecord| slot.job == job.id && slot.business_date == date;
    slots.iter().filter(of_job).any(|slot| slot.verdict != SlotVerdict::Skipped)
        || job.dues_on(date).iter().any(|due| due.planned > through)
}

/// When a run will be done, where past runs of its job tell.
pub fn forecast_of(
    snapshot: &dyn Snapshot,
    job: &NightJob,
    run: Option<&RunRecord>,
    business_date: NaiveDate,
    now: Moment,
) -> Result<Option<Moment>, StoreError> {
    Ok(forecast(progress_of(run, job, business_date, now), typical_of(snapshot, job)?, now))
}

fn progress_of(last: Option<&RunRecord>, job: &NightJob, date: NaiveDate, now: Moment) -> Progress {
    let at = |text: &Option<String>| text.as_deref().and_then(Moment::parse);
    match last {
        Some(run) if run.state == RunState::Succeeded => Progress::Done(at(&run.ended_at).unwrap_or(now)),
        Some(run) if run.state == RunState::Running => Progress::Running(at(&run.started_at).unwrap_or(now)),
        Some(run) => {
            let pause = run.not_before.and_then(|until| pause_left(&job.retry, until, now));
            Progress::Waiting(pause.unwrap_or(now))
        }
        None => Progress::Waiting(job.dues_on(date).last().map_or(now, |due| due.planned)),
    }
}

fn typical_of(snapshot: &dyn Snapshot, job: &NightJob) -> Result<Option<u64>, StoreError> {
    let n_runs = u32::try_from(N_RUNS_LOOKED_AT).unwrap_or(u32::MAX);
    let past = snapshot.runs_of_job(&job.id, n_runs)?;
    let durations: Vec<u64> = past.iter().filter_map(duration_ms).collect();
    Ok(typical_ms(&durations))
}

/// How long a run took from its first start to its end, where it succeeded.
fn duration_ms(run: &RunRecord) -> Option<u64> {
    let at = |text: &Option<String>| text.as_deref().and_then(Moment::parse);
    let is_done = run.state == RunState::Succeeded;
    let taken = at(&run.ended_at).filter(|_| is_done)?.since(at(&run.started_at)?);
    u64::try_from(taken.num_milliseconds()).ok()
}
