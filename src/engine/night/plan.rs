//! What is declared of the night: jobs, stop windows, limits.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use renkei_core::dispatch::{Limits, Needs};
use renkei_core::order::Order;
use renkei_core::retry::RetryPolicy;
use renkei_core::schedule::{CatchUpRule, DayPlan, Due, Schedule, ServiceTime, StopWindows};
use renkei_core::{JobId, Moment};

/// Everything the scheduler goes by.
#[derive(Debug, Clone)]
pub struct NightPlan {
    /// The jobs, by id.
    pub jobs: Vec<NightJob>,
    /// When nothing starts.
    pub stop_windows: StopWindows,
    /// How much may run at the same time.
    pub limits: Limits,
}

impl NightPlan {
    /// The job with this id.
    pub fn job(&self, id: &JobId) -> Option<&NightJob> {
        self.jobs.iter().find(|job| job.id == *id)
    }
}

/// A declared job (ジョブ).
#[derive(Debug, Clone)]
pub struct NightJob {
    /// Its id.
    pub id: JobId,
    /// What people call it.
    pub name: String,
    /// Whether it runs, as declared; an operator may have switched it.
    pub is_enabled: bool,
    /// When it runs by itself; without, only when asked for.
    pub timing: Option<Timing>,
    /// What it does.
    pub order: Order,
    /// The jobs that come before it.
    pub after: After,
    /// Named resources it takes a unit of.
    pub resources: Vec<String>,
    /// The greater goes first.
    pub priority: i32,
    /// How it is tried again.
    pub retry: RetryPolicy,
    /// When it is to be done.
    pub deadline: Option<Deadline>,
}

/// When a job runs.
#[derive(Debug, Clone)]
pub struct Timing {
    /// Its slots.
    pub schedule: Schedule,
    /// What becomes of slots that were missed.
    pub catch_up: CatchUpRule,
}

/// The jobs of the same business date that come before a job.
#[derive(Debug, Clone, Default)]
pub struct After {
    /// Which.
    pub jobs: Vec<JobId>,
    /// True when one of them is enough.
    pub any: bool,
}

/// When a job is to be done.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    /// The time of the business date, on the 24–48 hour clock.
    pub at: ServiceTime,
    /// How long before it a warning is due.
    pub warning: TimeDelta,
}

impl Deadline {
    /// The deadline for a business date.
    pub fn on(&self, business_date: NaiveDate) -> Moment {
        self.at.on(business_date).map_or(Moment::at(NaiveDateTime::MAX), Moment::at)
    }
}

impl NightJob {
    /// What a run of it takes.
    pub fn needs(&self, order: &Order) -> Needs {
        let resources = self.resources.iter().cloned().chain(order.alone_with()).collect();
        Needs { resources, feeds: order.feeds().to_vec() }
    }

    /// Whether the job has a slot of its own on a business date.
    pub fn is_due_on(&self, business_date: NaiveDate) -> bool {
        !self.dues_on(business_date).is_empty()
    }

    /// The job's slots on a business date.
    pub fn dues_on(&self, business_date: NaiveDate) -> Vec<Due> {
        match self.timing.as_ref().map(|timing| timing.schedule.on(business_date)) {
            Some(DayPlan::Runs { dues, .. }) => dues,
            _ => Vec::new(),
        }
    }
}
