//! `[schedule]` of a job: reading it, with every problem at its place.

use std::collections::BTreeSet;

use chrono::{Duration, NaiveDate};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::catch_up::{CatchUp, CatchUpRule};
use super::cron::Cron;
use super::day_rule::DayRule;
use super::days::NamedDays;
use super::service_time::ServiceTime;
use super::types::Schedule;
use super::zone::TOKYO;
use crate::calendar::{Calendar, Calendars, Shift};
use crate::declared::{Located, Problems, Spot, Table, Value, nearest};

/// What `days = …` says.
pub(super) type Rules = Vec<Located<DayRule>>;

/// The keys of which a schedule has one.
const FORMS: [&str; 3] = ["cron", "every", "at"];

impl Schedule {
    /// Reads the whole table. `None` where something is wrong, here or in the calendar it names; all of it has
    /// been reported.
    pub fn read(mut table: Table<'_>, calendars: &Calendars, problems: &Problems) -> Option<Self> {
        let spot = table.spot().clone();
        let n_problems = problems.len();
        let forms: Vec<&str> = FORMS.into_iter().filter(|form| table.has(form)).collect();
        let form = match forms.as_slice() {
            [form] => Some(*form),
            [] => {
                let hint = "cron = \"30 21 * * *\", every = \"5m\" or at = \"21:30\"".to_owned();
                problems.report_with(&spot, "says no time", hint);
                None
            }
            [_, second, ..] => {
                let message = format!("{} stand together; a schedule has one of them", forms.join(" and "));
                problems.report(&table.spot_of(second), message);
                None
            }
        };
        let read = match form {
            Some("cron") => table.optional("cron").and_then(Value::parsed::<Cron>).map(|cron| {
                let seconds = cron.seconds().to_vec();
                (seconds, Some(NamedDays::Cron(Box::new(cron))))
            }),
            Some("every") => every(&mut table, problems).map(|seconds| (seconds, None)),
            Some(_) => times(&mut table, problems).map(|seconds| (seconds, None)),
            None => None,
        };
        let takes_days = form != Some("cron");
        let takes_dates = form == Some("at");
        let days = if takes_days { days(&mut table, takes_dates, problems) } else { None };
        let zone = table.optional("zone").map_or(Some(TOKYO), |value| zone(value, problems));
        let shift_spot = table.spot_of("shift");
        let shift = table.optional("shift").map_or(Some(Shift::None), shift);
        let (seconds, of_cron) = match read {
            Some((seconds, of_cron)) => (Some(seconds), of_cron),
            None => (None, None),
        };
        let named = of_cron.or(days);
        let needs = named.as_ref().is_some_and(NamedDays::need_calendar);
        let shifts = shift.is_none_or(|shift| shift != Shift::None);
        let calendar = if needs || shifts || table.has("calendar") {
            calendars.take(&mut table, "calendar", problems)
        } else {
            // Asked for all the same, so that "did you mean" knows the key.
            drop(table.optional("calendar"));
            None
        };
        let is_for_closed =
            matches!(&named, Some(NamedDays::Rules(rules)) if rules.contains(&DayRule::Closed));
        if is_for_closed && shift.is_some_and(|shift| shift != Shift::None) {
            problems.report(&shift_spot, "days asks for closed days, and shift takes them away");
        }
        for (key, with) in [("between", "every"), ("days", "at and every"), ("on", "at")] {
            // Asked for even where it is missing, so that "did you mean" knows the key.
            let key_spot = table.spot_of(key);
            if table.optional(key).is_some() && form.is_some() {
                problems.report(&key_spot, format!("goes with {with}"));
            }
        }
        for form in FORMS {
            drop(table.optional(form));
        }
        table.finish();
        if problems.len() > n_problems {
            return None;
        }
        // Nothing is wrong, so days are missing only where none are named: every day.
        let named = named.unwrap_or_else(|| NamedDays::Rules(vec![DayRule::All]));
        let calendar = if needs || shifts { Some(calendar?) } else { None };
        let (seconds, zone, shift) = (seconds?, zone?, shift?);
        let canonical = canonical(&named, &seconds, calendar.as_deref().map(Calendar::id), shift, zone);
        Some(Self { days: named, seconds, calendar, shift, zone, canonical })
    }
}

impl CatchUpRule {
    /// Takes `catch_up` and `catch_up_within` out of a job's `[schedule]`, before [`Schedule::read`] has it.
    pub fn take(table: &mut Table<'_>) -> Option<Self> {
        let default = Self::default();
        let words = [CatchUp::None, CatchUp::Latest, CatchUp::All].map(|rule| (rule.as_str(), rule));
        let rule = table.optional("catch_up").map_or(Some(default.rule), |value| value.one_of(&words));
        let range = Duration::minutes(10)..=Duration::days(366);
        let within =
            table.optional("catch_up_within").map_or(Some(default.within), |value| value.duration_in(range));
        Some(Self { rule: rule?, within: within? })
    }
}

/// One form for schedules that mean the same.
fn canonical(days: &NamedDays, seconds: &[u32], calendar: Option<&str>, shift: Shift, zone: Tz) -> String {
    let sorted = |texts: Vec<String>| {
        texts.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(",")
    };
    let days = match days {
        NamedDays::Rules(rules) => sorted(rules.iter().map(ToString::to_string).collect()),
        NamedDays::Listed(days) => sorted(days.iter().map(ToString::to_string).collect()),
        NamedDays::Cron(cron) => cron.canonical_days(),
    };
    let seconds: Vec<String> = seconds.iter().map(ToString::to_string).collect();
    let calendar = calendar.unwrap_or("-");
    format!(
        "days={days};seconds={};calendar={calendar};shift={};zone={zone}",
        seconds.join(","),
        shift.as_str()
    )
}

fn shift(value: Value<'_>) -> Option<Shift> {
    value
        .one_of(&[Shift::None, Shift::Before, Shift::After, Shift::Skip].map(|shift| (shift.as_str(), shift)))
}

fn zone(value: Value<'_>, problems: &Problems) -> Option<Tz> {
    let Located { value: name, spot } = value.located_text()?;
    let zone = name.parse().ok();
    if zone.is_none() {
        let near = nearest(&name, TZ_VARIANTS.iter().map(|zone| zone.name()));
        let hint = near.map(|near| format!("did you mean {near:?}?"));
        problems.report_with(&spot, format!("unknown zone {name:?}"), hint);
    }
    zone
}

/// `every` and `between`: from the window's start, its end not included.
fn every(table: &mut Table<'_>, problems: &Problems) -> Option<Vec<u32>> {
    let every = table
        .optional("every")
        .and_then(|value| value.duration_in(Duration::minutes(1)..=Duration::hours(24)));
    let between = match table.optional("between") {
        None => window("00:00", "24:00"),
        Some(value) => {
            let Located { value: text, spot } = value.located_text()?;
            let read = text.split_once('-').and_then(|(from, to)| window(from, to));
            if read.is_none() {
                let message = format!(
                    "must be a window of at most 24 hours, such as \"08:00-20:00\" or \"22:00-26:00\", not {text:?}"
                );
                problems.report(&spot, message);
            }
            read
        }
    };
    let (from, to) = between?;
    let step = usize::try_from(every?.num_seconds()).ok()?;
    Some((from.seconds()..to.seconds()).step_by(step).collect())
}

/// A window of times within 24 hours that is not empty.
pub(super) fn window(from: &str, to: &str) -> Option<(ServiceTime, ServiceTime)> {
    let (from, to): (ServiceTime, ServiceTime) = (from.parse().ok()?, to.parse().ok()?);
    let minutes = to.minutes().checked_sub(from.minutes())?;
    (1..=1440).contains(&minutes).then_some((from, to))
}

fn times(table: &mut Table<'_>, problems: &Problems) -> Option<Vec<u32>> {
    let spot = table.spot_of("at");
    let read: Vec<Option<Located<ServiceTime>>> =
        table.optional("at")?.one_or_more()?.into_iter().map(Value::located).collect();
    let times: Vec<Located<ServiceTime>> = read.into_iter().collect::<Option<_>>()?;
    if times.is_empty() {
        problems.report(&spot, "names no time");
    }
    let mut seconds = BTreeSet::new();
    for Located { value, spot } in times {
        if !seconds.insert(value.seconds()) {
            problems.report(&spot, format!("{value} is named twice"));
        }
    }
    Some(seconds.into_iter().collect())
}

/// `days`, or `on` where dates may be listed. `None` where neither is there, or what is there has problems.
fn days(table: &mut Table<'_>, takes_dates: bool, problems: &Problems) -> Option<NamedDays> {
    let on_spot = table.spot_of("on");
    let rules_there = table.has("days");
    let rules = day_rules(table, problems);
    if !takes_dates || !table.has("on") {
        return rules.map(|rules| NamedDays::Rules(rules.into_iter().map(|rule| rule.value).collect()));
    }
    let dates = table.optional("on").and_then(|value| dates(value, &on_spot, problems));
    if rules_there {
        problems.report(&on_spot, "on and days stand together; a schedule has one of them");
    }
    dates.map(NamedDays::Listed)
}

/// Takes `days` out of a table: one rule or a list. `None` where it is not there, or has problems.
pub(super) fn day_rules(table: &mut Table<'_>, problems: &Problems) -> Option<Rules> {
    let spot = table.spot_of("days");
    let read: Vec<Option<Located<DayRule>>> =
        table.optional("days")?.one_or_more()?.into_iter().map(Value::located).collect();
    let rules: Rules = read.into_iter().collect::<Option<_>>()?;
    if rules.is_empty() {
        problems.report(&spot, "names no day");
        return None;
    }
    Some(rules)
}

pub(super) fn dates(value: Value<'_>, spot: &Spot, problems: &Problems) -> Option<BTreeSet<NaiveDate>> {
    let read: Vec<Option<NaiveDate>> = value.one_or_more()?.into_iter().map(Value::date).collect();
    let dates: BTreeSet<NaiveDate> = read.into_iter().collect::<Option<_>>()?;
    if dates.is_empty() {
        problems.report(spot, "names no day");
        return None;
    }
    Some(dates)
}
