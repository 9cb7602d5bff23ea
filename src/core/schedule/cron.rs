//! Cron expressions as everyone writes them, over the `cron` crate as engine.
//!
//! The crate counts weekdays from 1 = Sunday, wants seconds, has no hour 24 and demands that day of month and
//! day of week agree. So the fields are read here, by the rules of POSIX crontab (0 and 7 are Sunday; where
//! both day fields are limited, either suffices), and the engine is handed plain lists.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use ::cron::{Schedule as Engine, TimeUnitSpec as _};
use chrono::{Datelike as _, NaiveDate};

use super::cron_error::CronError;
use super::cron_field::{DAY_OF_MONTH, DAY_OF_WEEK, Field, HOUR, MINUTE, MONTH, SECOND};

/// The most slots of one business date: one a minute.
pub(super) const MAX_SLOTS_A_DAY: usize = 1440;

/// A cron expression: 5 fields, or 6 with seconds first. Hours are 0 to 47: 25 is 01 o'clock of the next
/// morning and belongs to the day before.
#[derive(Debug, Clone)]
pub struct Cron {
    text: String,
    engine: Engine,
    /// True where either day field suffices, false where both must agree.
    is_either_day: bool,
    seconds: Vec<u32>,
}

impl Cron {
    /// True when the expression has slots on this business date.
    pub fn is_on(&self, date: NaiveDate) -> bool {
        let in_month = self.engine.months().includes(date.month());
        let day_of_month = self.engine.days_of_month().includes(date.day());
        let day_of_week = self.engine.days_of_week().includes(date.weekday().number_from_sunday());
        let in_days =
            if self.is_either_day { day_of_month || day_of_week } else { day_of_month && day_of_week };
        in_month && in_days
    }

    /// The slots of a day in seconds after it began, 0 to 172,799, ascending.
    pub fn seconds(&self) -> &[u32] {
        &self.seconds
    }

    /// The day fields in one form for expressions that mean the same days.
    pub(super) fn canonical_days(&self) -> String {
        let days: Vec<&str> = self.engine.source().split(' ').skip(3).collect();
        let joint = if self.is_either_day { "either" } else { "both" };
        format!("cron {} {joint}", days.join(" "))
    }
}

impl FromStr for Cron {
    type Err = CronError;
    fn from_str(text: &str) -> Result<Self, CronError> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let (second, [minute, hour, day, month, week]) = match fields.as_slice() {
            [minute, hour, day, month, week] => (None, [minute, hour, day, month, week]),
            [second, minute, hour, day, month, week] => (Some(second), [minute, hour, day, month, week]),
            [word, ..] if word.starts_with('@') => {
                return Err(CronError::Shorthand { found: (*word).to_owned() });
            }
            _ => return Err(CronError::Fields { found: fields.len() }),
        };
        let second = SECOND.read(second.unwrap_or(&"0"))?;
        let minute = MINUTE.read(minute)?;
        let hour = HOUR.read(hour)?;
        let day = DAY_OF_MONTH.read(day)?;
        let month = MONTH.read(month)?;
        let week = DAY_OF_WEEK.read(week)?;
        let is_either_day = check_days(&day, &month, &week)?;
        let found = second.values.len() * minute.values.len() * hour.values.len();
        if found > MAX_SLOTS_A_DAY {
            return Err(CronError::TooMany { found });
        }
        // The engine knows no hour after 23: those of the next morning are a second expression.
        let mut engine = None;
        let mut seconds = Vec::new();
        for base in [0, 24] {
            let hours: BTreeSet<u32> =
                (base..base + 24).filter(|h| hour.values.contains(h)).map(|h| h - base).collect();
            if hours.is_empty() {
                continue;
            }
            let read =
                read_by_engine([&second.values, &minute.values, &hours, &day.values, &month.values], &week)?;
            for h in read.hours().iter() {
                for m in read.minutes().iter() {
                    seconds.extend(read.seconds().iter().map(|s| (base + h) * 3600 + m * 60 + s));
                }
            }
            engine = engine.or(Some(read));
        }
        let Some(engine) = engine else { return Err(CronError::Never) };
        Ok(Self { text: fields.join(" "), engine, is_either_day, seconds })
    }
}

/// Says whether either day field suffices, and refuses days that never come.
fn check_days(day: &Field, month: &Field, week: &Field) -> Result<bool, CronError> {
    let unclear = [(day, week), (week, day)]
        .into_iter()
        .find_map(|(field, other)| field.star_step.filter(|_| !other.is_star));
    if let Some(step) = unclear {
        return Err(CronError::StarDays { step });
    }
    let is_either_day = !day.is_star && !week.is_star;
    // 2000 has every day there is.
    let has_day =
        |month: u32| day.values.iter().any(|day| NaiveDate::from_ymd_opt(2000, month, *day).is_some());
    if !is_either_day && !month.values.iter().any(|month| has_day(*month)) {
        return Err(CronError::Never);
    }
    Ok(is_either_day)
}

fn read_by_engine(fields: [&BTreeSet<u32>; 5], week: &Field) -> Result<Engine, CronError> {
    const NAMES: [&str; 8] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
    let list = |values: &BTreeSet<u32>| {
        let numbers: Vec<String> = values.iter().map(ToString::to_string).collect();
        numbers.join(",")
    };
    let week: BTreeSet<&str> =
        week.values.iter().filter_map(|day| NAMES.get(usize::try_from(*day).ok()?).copied()).collect();
    let week: Vec<&str> = week.into_iter().collect();
    let text = format!("{} {}", fields.map(list).join(" "), week.join(","));
    text.parse().map_err(|error: ::cron::error::Error| CronError::Engine { words: error.to_string() })
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
