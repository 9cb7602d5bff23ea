//! What the store keeps of the night: slots, the runs they become, tries of them, and how jobs stand.
//!
//! A run of a job is one row; each feed it serves is a run of its own below it (`parent`), made within one
//! attempt. Times are Asia/Tokyo wall-clock texts with offset: they are shown, never used to cut.

use chrono::NaiveDate;
use serde::Serialize;

use crate::fault::Class;
use crate::ids::JobId;
use crate::moment::Moment;

/// The state of a run (実行), an attempt (試行) or a step (工程).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Due or asked for; it waits for its turn.
    Queued,
    /// Under way, or cut off: which, the next start finds out.
    Running,
    /// Ended by a fault that goes away by itself; it is tried again at `not_before`.
    Retrying,
    /// Its publication is made and waits for a person's release.
    Held,
    /// Done.
    Succeeded,
    /// Ended by a fault that a person must look at, or tried too often.
    Failed,
    /// Cut off by a crash or a power failure, and found so at a later start.
    Interrupted,
    /// Ended at a safe point because the program was stopped; it goes on at the next start.
    Stopped,
    /// Called off by an operator, or overtaken by a later slot of its job.
    Cancelled,
}

impl RunState {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Running,
        Self::Retrying,
        Self::Held,
        Self::Succeeded,
        Self::Failed,
        Self::Interrupted,
        Self::Stopped,
        Self::Cancelled,
    ];

    /// The word in tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Held => "held",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Stopped => "stopped",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads [`RunState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// True when nothing more will happen to the run by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }

    /// True when the run waits for its turn.
    pub const fn waits(self) -> bool {
        matches!(self, Self::Queued | Self::Retrying | Self::Interrupted | Self::Stopped)
    }
}

/// Why there is a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// Its slot came.
    Schedule,
    /// Its slot was missed and is caught up.
    CatchUp,
    /// An operator asked.
    Operator,
}

impl Trigger {
    /// The word in tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::CatchUp => "catchup",
            Self::Operator => "operator",
        }
    }

    /// Reads [`Trigger::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Schedule, Self::CatchUp, Self::Operator].into_iter().find(|trigger| trigger.as_str() == text)
    }
}

/// One run (実行).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunRecord {
    /// Its id, sortable by when it was asked for.
    pub run_id: String,
    /// The run of a job that it is a part of.
    pub parent: Option<String>,
    /// What runs: `generate 001o005-v1.1 --diff`, `job nightly`.
    pub what: String,
    /// The job.
    pub job: Option<JobId>,
    /// The planned time of its slot.
    #[serde(serialize_with = "moment_text")]
    pub planned: Option<Moment>,
    /// The business date it works for.
    pub business_date: NaiveDate,
    /// Why it runs.
    pub trigger: Trigger,
    /// Who asked for it.
    pub operator: String,
    /// Why, in the operator's words.
    pub reason: String,
    /// The run it does again.
    pub redoes: Option<String>,
    /// What is to be done, as [`crate::order::Order`] writes it; empty for a part of a run and for
    /// a command run in place: those are not queued.
    pub order: String,
    /// How it stands.
    pub state: RunState,
    /// Tries so far, those a clean stop ended not counted.
    pub n_attempts: u32,
    /// Not to be tried before.
    #[serde(serialize_with = "moment_text")]
    pub not_before: Option<Moment>,
    /// The code of the fault that ended its last try.
    pub fault_code: Option<String>,
    /// The class of that fault.
    #[serde(serialize_with = "class_word")]
    pub fault_class: Option<Class>,
    /// What that fault said, outermost cause first; nothing personal.
    pub fault_text: Option<String>,
    /// Who asked for it to be called off. Written by [`crate::port::Transaction::ask_cancel`] alone.
    pub cancel_asked_by: Option<String>,
    /// When it was asked for.
    pub queued_at: String,
    /// When its first try started.
    pub started_at: Option<String>,
    /// When it ended.
    pub ended_at: Option<String>,
}

/// One try (試行) of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttemptRecord {
    /// Its run.
    pub run_id: String,
    /// Which try, from 1; those a clean stop ended have numbers too.
    pub attempt_no: u32,
    /// How it ended.
    pub state: RunState,
    /// The code of the fault that ended it.
    pub fault_code: Option<String>,
    /// The class of that fault.
    #[serde(serialize_with = "class_word")]
    pub fault_class: Option<Class>,
    /// What that fault said.
    pub fault_text: Option<String>,
    /// When it started.
    pub started_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
}

/// What became of a slot (起動予定).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SlotVerdict {
    /// A run was made when it came.
    OnTime,
    /// It was missed; a run was made later.
    CaughtUp,
    /// No run, for a reason.
    Skipped,
}

impl SlotVerdict {
    /// The word in tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnTime => "ontime",
            Self::CaughtUp => "caughtup",
            Self::Skipped => "skipped",
        }
    }

    /// Reads [`SlotVerdict::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::OnTime, Self::CaughtUp, Self::Skipped].into_iter().find(|verdict| verdict.as_str() == text)
    }
}

/// One slot: job + business date + planned time. There is at most one record of each, for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SlotRecord {
    /// The job.
    pub job: JobId,
    /// The business date (業務日).
    pub business_date: NaiveDate,
    /// When it was planned.
    #[serde(serialize_with = "shown")]
    pub planned: Moment,
    /// What became of it.
    pub verdict: SlotVerdict,
    /// Why it was skipped.
    pub reason: String,
    /// The run made of it.
    pub run_id: Option<String>,
    /// When the scheduler saw it.
    pub seen_at: String,
}

/// How a job stands, apart from its declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobRecord {
    /// The job.
    pub job: JobId,
    /// All its slots up to here are on record.
    #[serde(serialize_with = "moment_text")]
    pub accounted_through: Option<Moment>,
    /// What an operator set over the declaration's `enabled`.
    pub enabled: Option<bool>,
    /// Set while its runs are not to start.
    pub hold: Option<HoldRecord>,
}

/// Who holds a job back, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldRecord {
    /// Who.
    pub operator: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: String,
}

/// One step (工程) of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepRecord {
    /// The run it is part of.
    pub run_id: String,
    /// Its place in the run, from 1.
    pub step_no: u32,
    /// Its name: `stage`, `seal`, `data`, `notice`, `settle`.
    pub name: String,
    /// What it worked on: a feed, a file.
    pub subject: String,
    /// How it ended.
    pub state: RunState,
    /// What it made, for people: counts and digests, nothing personal.
    pub outcome: String,
    /// When it started.
    pub started_at: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde gives the field by reference"
)]
fn class_word<S: serde::Serializer>(class: &Option<Class>, serializer: S) -> Result<S::Ok, S::Error> {
    class.map(Class::as_str).serialize(serializer)
}

#[expect(clippy::ref_option, reason = "serde gives the field by reference")]
fn moment_text<S: serde::Serializer>(moment: &Option<Moment>, serializer: S) -> Result<S::Ok, S::Error> {
    moment.map(|moment| moment.to_string()).serialize(serializer)
}

fn shown<S: serde::Serializer>(moment: &Moment, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(moment)
}
