//! What an alert is about.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::alert::key::AlertKey;
use crate::alert::kind::{AlertKind, News, Severity};
use crate::alert::stored::{maybe_written, written};
use crate::alert::word::Word;
use crate::fault::Class;
use crate::ids::{FeedId, JobId, Sequence};
use crate::moment::Moment;

/// One alert, ready to be worded. Stored as JSON, so a field is only ever added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// What it is about.
    pub matter: Matter,
    /// Whether the condition is new, worse or over.
    pub news: News,
    /// The job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// The feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<FeedId>,
    /// The run's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<Word>,
    /// The business date (業務日).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_date: Option<NaiveDate>,
    /// When it was found; of an all-clear, when it was over.
    #[serde(with = "written")]
    pub at: Moment,
}

/// What happened, with what belongs to it alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Matter {
    /// A run ended by a fault that nothing repeats, or whose repeats are used up.
    RunFailed {
        /// The fault's code.
        fault_code: Word,
        /// Its class: for [`Class::Retry`], the repeats are used up.
        class: Class,
        /// How many attempts there were.
        n_attempts: u32,
    },
    /// Judging by past runs, a job will be late.
    DeadlineNear {
        /// When it must be done.
        #[serde(with = "written")]
        deadline: Moment,
        /// When it is likely to be done, where past runs tell.
        #[serde(with = "maybe_written")]
        forecast: Option<Moment>,
    },
    /// A job is late.
    DeadlinePassed {
        /// When it should have been done.
        #[serde(with = "written")]
        deadline: Moment,
    },
    /// The mass-change guard holds a publication.
    ChangeHeld {
        /// Rows that would change.
        n_rows: u64,
        /// The bound they exceed, in rows.
        bound_rows: u64,
    },
    /// The wall clock went forwards or back by more than it should.
    ClockJumped {
        /// By how many seconds; negative for back.
        seconds: i64,
    },
    /// A volume is filling up.
    DiskLow {
        /// Which: `root`, `database`.
        volume: Word,
        /// What is left, in bytes.
        free_bytes: u64,
    },
    /// A calendar runs out of days.
    CalendarEnding {
        /// Which.
        calendar: Word,
        /// The last day it knows.
        known_through: NaiveDate,
    },
    /// The scheduler itself cannot work: nothing starts until it can.
    SchedulerStopped {
        /// The fault's code.
        fault_code: Word,
    },
    /// Partner systems cannot log in: the SFTP server is not up.
    DoorShut {
        /// The fault's code.
        fault_code: Word,
    },
    /// The audit's chain is broken.
    AuditBroken {
        /// The first line that does not follow from the one before.
        audit_no: u64,
    },
    /// A set that a system handed in was refused.
    SetRefused {
        /// The intake.
        intake: Word,
        /// Its place in the quarantine.
        place: Word,
    },
    /// Sets lack files for longer than they should.
    SetIncomplete {
        /// The intake.
        intake: Word,
        /// How many sets.
        n_sets: u64,
    },
    /// Sets wait for others before them for longer than they should.
    SetWaiting {
        /// The intake.
        intake: Word,
        /// How many sets.
        n_sets: u64,
    },
    /// A set changes so much that a person must allow it.
    SetHeld {
        /// The intake.
        intake: Word,
        /// How many sets.
        n_sets: u64,
    },
    /// Files that no notice names stand in an inbox for long.
    StrayFiles {
        /// The intake.
        intake: Word,
        /// How many files.
        n_files: u64,
    },
    /// Nothing was handed in by the time it was expected.
    NothingCame {
        /// The intake.
        intake: Word,
        /// By when it was expected, the last time.
        #[serde(with = "written")]
        expected_by: Moment,
        /// For how many business dates in a row now, from 1.
        #[serde(default)]
        n_dates: u32,
    },
    /// An agent cannot look for what is handed to it.
    ReceivingFailed {
        /// The intake.
        intake: Word,
        /// The fault's code.
        fault_code: Word,
    },
    /// A receiver refused a publication and is not past it.
    ReceiverRefused {
        /// Which.
        receiver: Word,
        /// What it refused.
        sequence: Sequence,
    },
    /// A receiver is not done with publications for too long.
    ReceiverBehind {
        /// Which.
        receiver: Word,
        /// How many publications.
        n_behind: u32,
        /// Since when the first of them stands.
        #[serde(with = "written")]
        since: Moment,
    },
    /// A delivery is not tried again by itself.
    DeliveryStopped {
        /// The destination.
        destination: Word,
        /// The publication.
        sequence: Sequence,
        /// The fault's code.
        fault_code: Word,
        /// Its class: for [`Class::Retry`], the repeats are used up.
        class: Class,
        /// How many tries there were.
        n_tries: u32,
    },
    /// A source cannot be fetched from, or not all of it, for too long, or until a person has looked.
    SourceFailing {
        /// The source.
        source: Word,
        /// The fault's code.
        fault_code: Word,
        /// Its class.
        class: Class,
        /// Since when.
        #[serde(with = "written")]
        since: Moment,
    },
    /// A receiver holds something else than it was given.
    ReceiverDiffers {
        /// Which.
        receiver: Word,
        /// As of which publication.
        sequence: Sequence,
        /// Of 256 buckets, those that differ.
        n_buckets: u16,
    },
    /// Somebody tries whether alerts arrive.
    Test,
}

impl Alert {
    /// An alert of something found at `at`.
    pub fn new(matter: Matter, at: Moment) -> Self {
        Self { matter, news: News::Opened, job: None, feed: None, run_id: None, business_date: None, at }
    }

    /// Of this job.
    #[must_use]
    pub fn of_job(self, job: &JobId) -> Self {
        Self { job: Some(job.clone()), ..self }
    }

    /// Of this feed.
    #[must_use]
    pub fn of_feed(self, feed: &FeedId) -> Self {
        Self { feed: Some(feed.clone()), ..self }
    }

    /// Of this run.
    #[must_use]
    pub fn of_run(self, run_id: &str) -> Self {
        Self { run_id: Some(Word::of(run_id)), ..self }
    }

    /// Of this business date.
    #[must_use]
    pub fn of_date(self, business_date: NaiveDate) -> Self {
        Self { business_date: Some(business_date), ..self }
    }

    /// The same condition with other news.
    #[must_use]
    pub fn with_news(self, news: News, at: Moment) -> Self {
        Self { news, at, ..self }
    }

    /// Its kind: an all-clear of a deadline is a kind of its own.
    pub fn kind(&self) -> AlertKind {
        match (&self.matter, self.news) {
            (Matter::DeadlineNear { .. } | Matter::DeadlinePassed { .. }, News::Cleared) => {
                AlertKind::DeadlineCleared
            }
            (Matter::RunFailed { .. }, _) => AlertKind::RunFailed,
            (Matter::DeadlineNear { .. }, _) => AlertKind::DeadlineNear,
            (Matter::DeadlinePassed { .. }, _) => AlertKind::DeadlinePassed,
            (Matter::ChangeHeld { .. }, _) => AlertKind::ChangeHeld,
            (Matter::ClockJumped { .. }, _) => AlertKind::ClockJumped,
            (Matter::DiskLow { .. }, _) => AlertKind::DiskLow,
            (Matter::CalendarEnding { .. }, _) => AlertKind::CalendarEnding,
            (Matter::SchedulerStopped { .. }, _) => AlertKind::SchedulerStopped,
            (Matter::DoorShut { .. }, _) => AlertKind::DoorShut,
            (Matter::AuditBroken { .. }, _) => AlertKind::AuditBroken,
            (Matter::SetRefused { .. }, _) => AlertKind::SetRefused,
            (Matter::SetIncomplete { .. }, _) => AlertKind::SetIncomplete,
            (Matter::SetWaiting { .. }, _) => AlertKind::SetWaiting,
            (Matter::SetHeld { .. }, _) => AlertKind::SetHeld,
            (Matter::StrayFiles { .. }, _) => AlertKind::StrayFiles,
            (Matter::NothingCame { .. }, _) => AlertKind::NothingCame,
            (Matter::ReceivingFailed { .. }, _) => AlertKind::ReceivingFailed,
            (Matter::ReceiverRefused { .. }, _) => AlertKind::ReceiverRefused,
            (Matter::ReceiverBehind { .. }, _) => AlertKind::ReceiverBehind,
            (Matter::DeliveryStopped { .. }, _) => AlertKind::DeliveryStopped,
            (Matter::SourceFailing { .. }, _) => AlertKind::SourceFailing,
            (Matter::ReceiverDiffers { .. }, _) => AlertKind::ReceiverDiffers,
            (Matter::Test, _) => AlertKind::Test,
        }
    }

    /// How grave the condition is. An all-clear weighs what its alert weighed, so that whoever was told of
    /// one is told of the other.
    pub fn severity(&self) -> Severity {
        match self.matter {
            Matter::Test => Severity::Info,
            // Once may be a late night; a second time nobody has looked.
            Matter::NothingCame { n_dates, .. } if n_dates > 1 => Severity::Error,
            Matter::DeadlineNear { .. }
            | Matter::ChangeHeld { .. }
            | Matter::ClockJumped { .. }
            | Matter::CalendarEnding { .. }
            | Matter::SetRefused { .. }
            | Matter::SetIncomplete { .. }
            | Matter::SetWaiting { .. }
            | Matter::SetHeld { .. }
            | Matter::StrayFiles { .. }
            | Matter::NothingCame { .. }
            | Matter::ReceiverBehind { .. } => Severity::Warning,
            Matter::RunFailed { .. }
            | Matter::DeadlinePassed { .. }
            | Matter::DiskLow { .. }
            | Matter::SchedulerStopped { .. }
            | Matter::DoorShut { .. }
            | Matter::AuditBroken { .. }
            | Matter::ReceivingFailed { .. }
            | Matter::ReceiverRefused { .. }
            | Matter::DeliveryStopped { .. }
            | Matter::SourceFailing { .. }
            | Matter::ReceiverDiffers { .. } => Severity::Error,
        }
    }

    /// The condition.
    pub fn key(&self) -> AlertKey {
        let (job, feed, date) = (self.job.as_ref(), self.feed.as_ref(), self.business_date);
        match &self.matter {
            Matter::RunFailed { .. } => AlertKey::run(job, feed, date),
            Matter::DeadlineNear { .. } | Matter::DeadlinePassed { .. } => AlertKey::deadline(job, date),
            Matter::ChangeHeld { .. } => AlertKey::change(feed, date),
            Matter::DiskLow { volume, .. } => AlertKey::disk(volume),
            Matter::CalendarEnding { calendar, .. } => AlertKey::calendar(calendar),
            Matter::SchedulerStopped { .. } => AlertKey::scheduler(),
            Matter::DoorShut { .. } => AlertKey::door(),
            Matter::AuditBroken { .. } => AlertKey::audit(),
            Matter::SetRefused { place, .. } => AlertKey::intake(self.kind().as_str(), place),
            Matter::SetIncomplete { intake, .. }
            | Matter::SetWaiting { intake, .. }
            | Matter::SetHeld { intake, .. }
            | Matter::ReceivingFailed { intake, .. }
            | Matter::NothingCame { intake, .. }
            | Matter::StrayFiles { intake, .. } => AlertKey::intake(self.kind().as_str(), intake),
            Matter::ReceiverRefused { receiver, .. }
            | Matter::ReceiverBehind { receiver, .. }
            | Matter::ReceiverDiffers { receiver, .. } => {
                AlertKey::receiver(self.kind().as_str(), feed, receiver)
            }
            Matter::SourceFailing { source, .. } => AlertKey::receiver(self.kind().as_str(), None, source),
            Matter::DeliveryStopped { destination, .. } => {
                AlertKey::receiver(self.kind().as_str(), feed, destination)
            }
            Matter::ClockJumped { .. } | Matter::Test => AlertKey::passing(self.kind().as_str()),
        }
    }

    /// The intake it is about, for those that are about one.
    pub fn intake(&self) -> Option<&Word> {
        match &self.matter {
            Matter::SetRefused { intake, .. }
            | Matter::SetIncomplete { intake, .. }
            | Matter::SetWaiting { intake, .. }
            | Matter::SetHeld { intake, .. }
            | Matter::StrayFiles { intake, .. }
            | Matter::ReceivingFailed { intake, .. }
            | Matter::NothingCame { intake, .. } => Some(intake),
            _ => None,
        }
    }

    /// True when it is over as soon as it is told: it never stands open and has no all-clear.
    pub fn is_passing(&self) -> bool {
        matches!(self.matter, Matter::ClockJumped { .. } | Matter::Test)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::from_unix(1_790_872_200 + seconds).unwrap()
    }

    fn nightly(matter: Matter) -> Alert {
        Alert::new(matter, at(0)).of_job(&"nightly".parse().unwrap()).of_date("2026-10-02".parse().unwrap())
    }

    #[test]
    fn both_deadline_alerts_are_about_one_condition() {
        let near = nightly(Matter::DeadlineNear { deadline: at(3600), forecast: Some(at(4000)) });
        let passed = nightly(Matter::DeadlinePassed { deadline: at(3600) });
        assert_eq!(near.key().as_str(), "deadline/nightly/2026-10-02");
        assert_eq!(near.key(), passed.key());
        assert!(near.severity() < passed.severity());
        let cleared = passed.with_news(News::Cleared, at(9000));
        assert_eq!(cleared.kind(), AlertKind::DeadlineCleared);
        assert_eq!(cleared.severity(), Severity::Error);
    }

    #[test]
    fn an_alert_reads_what_it_writes() {
        let feed = "001o005-v1.1".parse().unwrap();
        for matter in [
            Matter::RunFailed { fault_code: "store.full".into(), class: Class::Operator, n_attempts: 3 },
            Matter::DeadlineNear { deadline: at(3600), forecast: Some(at(4000)) },
            Matter::DeadlinePassed { deadline: at(3600) },
            Matter::ChangeHeld { n_rows: 10_000, bound_rows: 500 },
            Matter::ClockJumped { seconds: -3600 },
            Matter::DiskLow { volume: "root".into(), free_bytes: 1 },
            Matter::CalendarEnding {
                calendar: "holidays".into(),
                known_through: "2027-12-31".parse().unwrap(),
            },
            Matter::SchedulerStopped { fault_code: "store.full".into() },
            Matter::AuditBroken { audit_no: 7 },
            Matter::ReceivingFailed { intake: "jumin".into(), fault_code: "store.unreachable".into() },
            Matter::ReceiverRefused { receiver: "015".into(), sequence: Sequence(4) },
            Matter::ReceiverBehind { receiver: "015".into(), n_behind: 2, since: at(0) },
            Matter::ReceiverDiffers { receiver: "015".into(), sequence: Sequence(4), n_buckets: 3 },
            Matter::Test,
        ] {
            let alert = nightly(matter).of_feed(&feed).of_run("01k6h0zq7");
            let text = serde_json::to_string(&alert).unwrap();
            assert!(text.contains(&format!("\"kind\":\"{}\"", alert.kind().as_str())), "{text}");
            assert_eq!(serde_json::from_str::<Alert>(&text).unwrap(), alert);
        }
    }

    #[test]
    fn keys_tell_conditions_apart() {
        let failed =
            Matter::RunFailed { fault_code: "store.full".into(), class: Class::Operator, n_attempts: 1 };
        assert_eq!(nightly(failed).key().as_str(), "run-failed/nightly/2026-10-02");
        let disk = |volume: &str| nightly(Matter::DiskLow { volume: volume.into(), free_bytes: 9 }).key();
        assert_eq!(disk("root").as_str(), "disk-low/root");
        assert_ne!(disk("root"), disk("database"));
    }
}
