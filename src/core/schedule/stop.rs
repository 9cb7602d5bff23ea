//! Stop windows (停止時間帯): times in which no run may start. A slot that falls into one waits for its end.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{Days, NaiveDate};

use super::day_rule::DayRule;
use super::read::{dates, day_rules, window};
use super::service_time::ServiceTime;
use crate::calendar::{Calendar, Calendars};
use crate::declared::{Located, Problems, Table, Value, did_you_mean};
use crate::ids::JobId;
use crate::moment::Moment;

/// A time of certain days in which no run may start, such as 24:00 to 27:00 for maintenance.
#[derive(Debug, Clone)]
pub struct StopWindow {
    /// What people call it.
    pub name: String,
    /// When it begins.
    pub from: ServiceTime,
    /// When it ends; runs may start again at this time.
    pub to: ServiceTime,
    /// False for one that is kept but stops nothing.
    pub is_enabled: bool,
    /// The jobs it is for; empty for all.
    pub jobs: Vec<JobId>,
    rules: Vec<DayRule>,
    dates: BTreeSet<NaiveDate>,
    calendar: Option<Arc<Calendar>>,
}

/// All stop windows of a hub.
#[derive(Debug, Clone, Default)]
pub struct StopWindows {
    windows: Vec<StopWindow>,
}

/// As many windows may follow one another before a wait is taken to be endless: more than a year of days.
const MAX_JOINED: usize = 1000;

impl StopWindow {
    /// True when it stops the job.
    pub fn is_for(&self, job: &JobId) -> bool {
        self.is_enabled && (self.jobs.is_empty() || self.jobs.contains(job))
    }

    /// The end of the window around a moment. A day of which the calendar knows nothing has the window: to
    /// wait does no harm.
    pub fn end_around(&self, at: Moment) -> Option<Moment> {
        (0..=1)
            .filter_map(|days_before| at.date().checked_sub_days(Days::new(days_before)))
            .filter(|date| self.has(*date))
            .filter_map(|date| Some((Moment::at(self.from.on(date)?), Moment::at(self.to.on(date)?))))
            .filter(|(from, to)| *from <= at && at < *to)
            .map(|(_, to)| to)
            .max()
    }

    fn has(&self, date: NaiveDate) -> bool {
        self.dates.contains(&date)
            || self.rules.iter().any(|rule| rule.has(date, self.calendar.as_deref()) != Some(false))
    }
}

impl StopWindows {
    /// All of them.
    pub fn all(&self) -> &[StopWindow] {
        &self.windows
    }

    /// The window a job waits in at a moment, if it must.
    pub fn holding(&self, job: &JobId, at: Moment) -> Option<&StopWindow> {
        self.windows.iter().find(|window| window.is_for(job) && window.end_around(at).is_some())
    }

    /// When a job may start that is due at `at`: the end of the window that `at` lies in, or of the last of
    /// those that join on to it. `None` when it may start at once.
    pub fn until(&self, job: &JobId, at: Moment) -> Option<Moment> {
        let mut end = at;
        for _ in 0..MAX_JOINED {
            let windows = self.windows.iter().filter(|window| window.is_for(job));
            match windows.filter_map(|window| window.end_around(end)).max() {
                Some(later) if later > end => end = later,
                _ => break,
            }
        }
        (end > at).then_some(end)
    }

    /// Reads the tables of `[[stop]]`. `jobs` are the ids there are.
    pub fn read(
        tables: Vec<Table<'_>>,
        calendars: &Calendars,
        jobs: &[JobId],
        problems: &Problems,
    ) -> Option<Self> {
        let read: Vec<Option<StopWindow>> =
            tables.into_iter().map(|table| read_window(table, calendars, jobs, problems)).collect();
        Some(Self { windows: read.into_iter().collect::<Option<_>>()? })
    }
}

fn read_window(
    mut table: Table<'_>,
    calendars: &Calendars,
    jobs: &[JobId],
    problems: &Problems,
) -> Option<StopWindow> {
    let n_problems = problems.len();
    let name = table.required("name").and_then(Value::text);
    let to_spot = table.spot_of("to");
    let from = table.required("from").and_then(Value::parsed::<ServiceTime>);
    let to = table.required("to").and_then(Value::parsed::<ServiceTime>);
    if let (Some(from), Some(to)) = (from, to)
        && window(&from.to_string(), &to.to_string()).is_none()
    {
        let hint = "the next morning's hours are 24:00 to 47:59".to_owned();
        problems.report_with(&to_spot, "must be after from, by at most 24 hours", hint);
    }
    let on_spot = table.spot_of("on");
    let has_days = table.has("days") || table.has("on");
    let rules = day_rules(&mut table, problems).unwrap_or_default();
    let mut rules: Vec<DayRule> = rules.into_iter().map(|rule| rule.value).collect();
    let dates = table.optional("on").and_then(|value| dates(value, &on_spot, problems)).unwrap_or_default();
    if !has_days {
        rules.push(DayRule::All);
    }
    let needs_calendar = rules.iter().any(|rule| rule.needs_calendar());
    let calendar = if needs_calendar || table.has("calendar") {
        calendars.take(&mut table, "calendar", problems)
    } else {
        drop(table.optional("calendar"));
        None
    };
    let is_enabled = table.optional("enabled").map_or(Some(true), Value::boolean);
    let for_jobs = table.optional("jobs").map_or_else(|| Some(Vec::new()), Value::list_of::<JobId>);
    table.finish();
    for Located { value, spot } in for_jobs.iter().flatten() {
        if !jobs.contains(value) {
            let hint = did_you_mean(value.as_str(), jobs.iter().map(JobId::as_str));
            problems.report_with(spot, format!("unknown job {:?}", value.as_str()), hint);
        }
    }
    if problems.len() > n_problems || (needs_calendar && calendar.is_none()) {
        return None;
    }
    Some(StopWindow {
        name: name?,
        from: from?,
        to: to?,
        is_enabled: is_enabled?,
        jobs: for_jobs?.into_iter().map(|job| job.value).collect(),
        rules,
        dates,
        calendar,
    })
}
