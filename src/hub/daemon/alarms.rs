//! What the daemon tells people: put into the outbox as it happens, brought out by a task of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use renkei_core::alert::{Alert, AlertKey, Matter, Severity, Word};
use renkei_core::deadline::Standing;
use renkei_core::order::Order;
use renkei_core::port::{RunRecord, RunState, Snapshot, Store, StoreError};
use renkei_core::publication::Progress;
use renkei_core::{Class, Fault as _, FeedId, JobId, Moment};
use renkei_engine::EngineError;
use renkei_engine::night::{DeadlineStanding, Outcome};

use super::look::causes;
use crate::alert::AlertSender;
use crate::config::Config;
use crate::doctor::{Level, calendar_ending, free_bytes, judge_space, volumes};

/// Opens and clears alerts.
pub(super) struct Alarms {
    sender: Arc<AlertSender>,
    /// How deadlines stood at the last look, so that only changes are written.
    deadlines: BTreeMap<(JobId, NaiveDate), &'static str>,
    /// Conditions that do not change by the minute are looked at when this has gone by.
    looked_around: Option<Moment>,
}

/// Between two looks at disks and calendars, in seconds.
const LOOK_AROUND_EVERY_S: i64 = 60;

impl Alarms {
    pub(super) fn new(config: &Config) -> Self {
        Self { sender: Arc::new(AlertSender::new(config)), deadlines: BTreeMap::new(), looked_around: None }
    }

    /// Who brings the outbox out.
    pub(super) fn sender(&self) -> Arc<AlertSender> {
        Arc::clone(&self.sender)
    }

    /// A try of a run ended. What is over is cleared by [`Alarms::reconcile`].
    pub(super) fn run_ended(
        &self,
        store: &dyn Store,
        run: &RunRecord,
        outcome: Option<&Outcome>,
        now: Moment,
    ) {
        let told = match run.state {
            RunState::Held => self.held(store, run, now),
            RunState::Failed | RunState::Retrying => self.failed(store, run, outcome, now),
            _ => Ok(()),
        };
        note(told, "a run's end");
    }

    /// The clock was set.
    pub(super) fn clock_jumped(&self, store: &dyn Store, seconds: i64, now: Moment) {
        note(self.open(store, &Alert::new(Matter::ClockJumped { seconds }, now)), "a clock that was set");
    }

    /// Brings the alerts about runs into line with what is on record, whoever brought that about and however a
    /// daemon before ended: what is over is cleared, and a run that failed untold is told.
    pub(super) fn reconcile(&self, store: &dyn Store, now: Moment) {
        note(self.try_reconcile(store, now), "what is on record");
    }

    fn try_reconcile(&self, store: &dyn Store, now: Moment) -> Result<(), StoreError> {
        let snapshot = store.snapshot()?;
        let open = open_alerts(snapshot.as_ref())?;
        let mut over = Vec::new();
        for alert in &open {
            let is_over = match (&alert.matter, &alert.job, alert.business_date, &alert.feed) {
                (Matter::RunFailed { .. }, Some(job), Some(date), _) => {
                    let runs = snapshot.runs_for(date, date)?;
                    last_of(&runs, job, date).is_some_and(|last| last.state == RunState::Succeeded)
                }
                (Matter::ChangeHeld { .. }, _, _, Some(feed)) => {
                    snapshot.publications(Some(feed), Some(Progress::Held))?.is_empty()
                }
                _ => false,
            };
            if is_over {
                over.push(alert.key());
            }
        }
        let from = now.date() - chrono::Days::new(DAYS_LOOKED_BACK);
        let runs = snapshot.runs_for(from, now.date())?;
        drop(snapshot);
        self.clear(store, &over, now)?;
        for run in runs.iter().filter(|run| run.state == RunState::Failed) {
            let Some(job) = &run.job else { continue };
            let is_last =
                last_of(&runs, job, run.business_date).is_some_and(|last| last.run_id == run.run_id);
            let is_told = open.iter().any(|alert| {
                matches!(alert.matter, Matter::RunFailed { .. })
                    && alert.job.as_ref() == Some(job)
                    && alert.business_date == Some(run.business_date)
            });
            if is_last && !is_told {
                self.failed(store, run, None, now)?;
            }
        }
        Ok(())
    }

    /// Brings the alerts about intakes into line with those that `standing` says should be open.
    pub(super) fn intakes(&self, store: &dyn Store, standing: &[Alert], now: Moment) {
        let told = self.align(store, |alert| alert.intake().is_some(), standing, now);
        note(told, "what was handed in");
    }

    /// Brings the alerts of one sort into line with those that should stand open: what is new or graver is told, what is
    /// over is cleared, and nothing is written where neither is.
    pub(super) fn align(
        &self,
        store: &dyn Store,
        is_of_sort: fn(&Alert) -> bool,
        standing: &[Alert],
        now: Moment,
    ) -> Result<(), StoreError> {
        let open = open_alerts(store.snapshot()?.as_ref())?;
        let open = open.iter().filter(|alert| is_of_sort(alert));
        let mut known: BTreeMap<AlertKey, Severity> =
            open.map(|alert| (alert.key(), alert.severity())).collect();
        let keys: Vec<AlertKey> = standing.iter().map(Alert::key).collect();
        let over: Vec<AlertKey> = known.keys().filter(|key| !keys.contains(key)).cloned().collect();
        self.clear(store, &over, now)?;
        for (alert, key) in standing.iter().zip(keys) {
            if known.get(&key).is_none_or(|known| alert.severity() > *known) {
                self.open(store, alert)?;
                known.insert(key, alert.severity());
            }
        }
        Ok(())
    }

    /// How deadlines stand.
    pub(super) fn deadlines(&mut self, store: &dyn Store, standings: Vec<DeadlineStanding>, now: Moment) {
        for one in standings {
            let word = match one.standing {
                Standing::InTime => "in-time",
                Standing::Near { .. } => "near",
                Standing::Passed if one.is_done => "done-late",
                Standing::Passed => "passed",
            };
            let key = (one.job.clone(), one.business_date);
            if self.deadlines.get(&key) == Some(&word) {
                continue;
            }
            let told = self.deadline(store, &one, now);
            if told.is_ok() {
                self.deadlines.insert(key, word);
            }
            note(told, "a deadline");
        }
        let oldest = now.date() - chrono::Days::new(10);
        self.deadlines.retain(|(_, date), _| *date >= oldest);
    }

    /// Disks that fill up and calendars that end.
    pub(super) fn look_around(&mut self, store: &dyn Store, config: &Config, now: Moment) {
        if self.looked_around.is_some_and(|last| now.since(last).num_seconds().abs() < LOOK_AROUND_EVERY_S) {
            return;
        }
        self.looked_around = Some(now);
        for (name, path) in volumes(config) {
            let Some((free, total)) = free_bytes(&path) else { continue };
            crate::metrics::record::disk_free(name, free);
            let volume = Word::of(name);
            let told = if judge_space(free, total) == Level::Ok {
                self.clear(store, &[AlertKey::disk(&volume)], now)
            } else {
                self.open(store, &Alert::new(Matter::DiskLow { volume, free_bytes: free }, now))
            };
            note(told, "the disks");
        }
        for calendar in config.calendars.all() {
            let known_through = calendar.known_through();
            let name = Word::of(calendar.id());
            let is_ending = calendar_ending(calendar.id(), known_through, now.date()).level != Level::Ok;
            let told = if is_ending {
                self.open(store, &Alert::new(Matter::CalendarEnding { calendar: name, known_through }, now))
            } else {
                self.clear(store, &[AlertKey::calendar(&name)], now)
            };
            note(told, "the calendars");
        }
    }

    fn deadline(&self, store: &dyn Store, one: &DeadlineStanding, now: Moment) -> Result<(), StoreError> {
        let deadline = one.deadline;
        let matter = match one.standing {
            Standing::Near { finish } => Matter::DeadlineNear { deadline, forecast: finish },
            Standing::Passed if !one.is_done => Matter::DeadlinePassed { deadline },
            _ => {
                let key = AlertKey::deadline(Some(&one.job), Some(one.business_date));
                return self.clear(store, &[key], now);
            }
        };
        self.open(store, &Alert::new(matter, now).of_job(&one.job).of_date(one.business_date))
    }

    fn failed(
        &self,
        store: &dyn Store,
        run: &RunRecord,
        outcome: Option<&Outcome>,
        now: Moment,
    ) -> Result<(), StoreError> {
        // What is tried again by itself is nobody's business yet; what a person must look at is, at once.
        if let Some(Outcome::Failed(faults)) = outcome {
            let is_urgent =
                |error: &EngineError| run.state == RunState::Failed || error.class() != Class::Retry;
            for (feed, error) in faults.iter().filter(|(_, error)| is_urgent(error)) {
                let alert = self.run_alert(run, error.code(), error.class(), now);
                let alert = feed.as_ref().map_or(alert.clone(), |feed| alert.of_feed(feed));
                self.open(store, &alert)?;
            }
        } else if run.state == RunState::Failed {
            let code = run.fault_code.as_deref().unwrap_or("-");
            let class = run.fault_class.unwrap_or(Class::Operator);
            self.open(store, &self.run_alert(run, code, class, now))?;
        }
        Ok(())
    }

    #[expect(clippy::unused_self, reason = "beside the others that make alerts")]
    fn run_alert(&self, run: &RunRecord, code: &str, class: Class, now: Moment) -> Alert {
        let matter = Matter::RunFailed { fault_code: Word::of(code), class, n_attempts: run.n_attempts };
        let alert = Alert::new(matter, now).of_run(&run.run_id).of_date(run.business_date);
        run.job.as_ref().map_or(alert.clone(), |job| alert.of_job(job))
    }

    fn held(&self, store: &dyn Store, run: &RunRecord, now: Moment) -> Result<(), StoreError> {
        let held = store.snapshot()?.publications(None, Some(Progress::Held))?;
        let feeds = feeds_of(run);
        for publication in held.iter().filter(|publication| feeds.contains(&publication.feed)) {
            let exceeded = publication.review.as_ref().and_then(|review| review.exceeded.first());
            let matter = Matter::ChangeHeld {
                n_rows: exceeded.map_or(0, |exceeded| exceeded.n_rows),
                bound_rows: exceeded.map_or(0, |exceeded| exceeded.max_rows),
            };
            let alert = Alert::new(matter, now)
                .of_feed(&publication.feed)
                .of_run(&run.run_id)
                .of_date(run.business_date);
            self.open(store, &alert)?;
        }
        Ok(())
    }

    pub(super) fn open(&self, store: &dyn Store, alert: &Alert) -> Result<(), StoreError> {
        let mut tx = store.begin()?;
        tx.open_alert(alert, &self.sender.channels_for(alert))?;
        tx.commit()
    }

    /// Clears those of the keys that stand open; writes nothing where none does.
    #[expect(clippy::unused_self, reason = "beside `open`")]
    pub(super) fn clear(&self, store: &dyn Store, keys: &[AlertKey], now: Moment) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let open = open_alerts(store.snapshot()?.as_ref())?;
        let to_clear: Vec<&Alert> = open.iter().filter(|alert| keys.contains(&alert.key())).collect();
        if to_clear.is_empty() {
            return Ok(());
        }
        let mut tx = store.begin()?;
        for alert in to_clear {
            tx.clear_alert(&alert.key(), now)?;
        }
        tx.commit()
    }
}

/// A run that failed untold is told if its business date is not further back.
const DAYS_LOOKED_BACK: u64 = 3;

/// The last run of a job for a business date that was not called off.
fn last_of<'r>(runs: &'r [RunRecord], job: &JobId, date: NaiveDate) -> Option<&'r RunRecord> {
    let is_of = |run: &&RunRecord| {
        run.job.as_ref() == Some(job) && run.business_date == date && run.state != RunState::Cancelled
    };
    runs.iter().rev().find(is_of)
}

/// More alerts than these do not stand open.
const MOST_OPEN: u32 = 10_000;

fn open_alerts(snapshot: &dyn Snapshot) -> Result<Vec<Alert>, StoreError> {
    Ok(snapshot.alerts(true, MOST_OPEN)?.into_iter().map(|record| record.alert).collect())
}

fn feeds_of(run: &RunRecord) -> Vec<FeedId> {
    Order::parse(&run.order).map(|order| order.feeds().to_vec()).unwrap_or_default()
}

/// An alert that cannot be written is told in the log: the night does not stop for it.
pub(super) fn note(told: Result<(), StoreError>, what: &str) {
    if let Err(error) = told {
        let causes = causes(&error);
        tracing::error!(what, "an alert could not be written: {causes}");
    }
}
