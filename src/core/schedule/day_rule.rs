//! Rules of days: `open`, `monday`, `04-01`, `first open day of month`.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, Days, NaiveDate, Weekday};

use crate::calendar::{Calendar, MonthDay, WEEKDAYS, weekday_named};
use crate::declared::did_you_mean;

/// A set of days, some only to be told with a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayRule {
    /// Every day.
    All,
    /// Days on which the office is open.
    Open,
    /// Days on which it is closed.
    Closed,
    /// A weekday of every week.
    Weekly(Weekday),
    /// A day of every year; the fiscal year starts on `04-01`.
    Yearly(MonthDay),
    /// The nth day of a month, -1 the last; in months that have it.
    DayOfMonth {
        /// 1 to 31 or -1 to -31.
        nth: i32,
        /// 1 to 12, or every month.
        month: Option<u32>,
    },
    /// The nth open day of a month, -1 the last.
    OpenDay {
        /// 1 to 31 or -1 to -31.
        nth: i32,
        /// 1 to 12, or every month.
        month: Option<u32>,
    },
    /// The nth such weekday of a month, -1 the last.
    WeekdayOfMonth {
        /// Which.
        weekday: Weekday,
        /// 1 to 5 or -1 to -5.
        nth: i32,
        /// 1 to 12, or every month.
        month: Option<u32>,
    },
}

impl DayRule {
    /// True when only a calendar can tell its days.
    pub const fn needs_calendar(self) -> bool {
        matches!(self, Self::Open | Self::Closed | Self::OpenDay { .. })
    }

    /// Whether a date is among its days; `None` where the calendar does not know, or is missing.
    pub fn has(self, date: NaiveDate, calendar: Option<&Calendar>) -> Option<bool> {
        let known = |from: NaiveDate, through: NaiveDate| {
            calendar.filter(|calendar| calendar.knows(from) && calendar.knows(through))
        };
        match self {
            Self::All => Some(true),
            Self::Open => known(date, date).map(|calendar| calendar.is_open(date)),
            Self::Closed => known(date, date).map(|calendar| !calendar.is_open(date)),
            Self::Weekly(weekday) => Some(date.weekday() == weekday),
            Self::Yearly(day) => Some(MonthDay::of(date) == day),
            Self::DayOfMonth { nth, month } => {
                Some(is_month(date, month) && nth_fits(nth, place_in_month(date, 1)))
            }
            Self::WeekdayOfMonth { weekday, nth, month } => Some(
                is_month(date, month) && date.weekday() == weekday && nth_fits(nth, place_in_month(date, 7)),
            ),
            Self::OpenDay { nth, month } => {
                if !is_month(date, month) {
                    return Some(false);
                }
                let (from, through) = if nth > 0 {
                    (date.with_day(1)?, date)
                } else {
                    (date, date.checked_add_days(Days::new(u64::from(days_after_in_month(date))))?)
                };
                let calendar = known(from, through)?;
                Some(calendar.nth_open_of_month(date.year(), date.month(), nth) == Some(date))
            }
        }
    }
}

fn is_month(date: NaiveDate, month: Option<u32>) -> bool {
    month.is_none_or(|month| date.month() == month)
}

fn days_after_in_month(date: NaiveDate) -> u32 {
    u32::from(date.num_days_in_month()) - date.day()
}

/// The places of a date among every `every`th day of its month that leads to it: from the first, from the last.
fn place_in_month(date: NaiveDate, every: u32) -> (u32, u32) {
    ((date.day() - 1) / every + 1, days_after_in_month(date) / every + 1)
}

fn nth_fits(nth: i32, (from_first, from_last): (u32, u32)) -> bool {
    nth.unsigned_abs() == if nth > 0 { from_first } else { from_last }
}

/// The words of rules, for "did you mean".
const FORMS: [&str; 14] = [
    "all",
    "open",
    "closed",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "first open day of month",
    "last open day of month",
    "first day of month",
    "last day of month",
];

impl FromStr for DayRule {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split(' ').collect();
        read(&words).ok_or_else(|| {
            let forms = "\"all\", \"open\", \"closed\", a weekday, \"04-01\", \"day 15 of month\", \"open day -2 of month\", \
                         \"first open day of 04\", \"monday 2 of month\"";
            let hint = did_you_mean(text, FORMS).filter(|hint| hint.starts_with("did"));
            let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            format!("must be a rule of days ({forms}), not {text:?}{hint}")
        })
    }
}

fn read(words: &[&str]) -> Option<DayRule> {
    Some(match words {
        ["all"] => DayRule::All,
        ["open"] => DayRule::Open,
        ["closed"] => DayRule::Closed,
        [day] => match weekday_named(day) {
            Some(weekday) => DayRule::Weekly(weekday),
            None => DayRule::Yearly(day.parse().ok()?),
        },
        ["open", "day", nth, "of", month] => DayRule::OpenDay { nth: number(nth, 31)?, month: of(month)? },
        ["first", "open", "day", "of", month] => DayRule::OpenDay { nth: 1, month: of(month)? },
        ["last", "open", "day", "of", month] => DayRule::OpenDay { nth: -1, month: of(month)? },
        ["day", nth, "of", month] => DayRule::DayOfMonth { nth: number(nth, 31)?, month: of(month)? },
        ["first", "day", "of", month] => DayRule::DayOfMonth { nth: 1, month: of(month)? },
        ["last", "day", "of", month] => DayRule::DayOfMonth { nth: -1, month: of(month)? },
        ["first", weekday, "of", month] => weekday_rule(weekday, 1, month)?,
        ["last", weekday, "of", month] => weekday_rule(weekday, -1, month)?,
        [weekday, nth, "of", month] => weekday_rule(weekday, number(nth, 5)?, month)?,
        _ => return None,
    })
}

fn weekday_rule(weekday: &str, nth: i32, month: &str) -> Option<DayRule> {
    Some(DayRule::WeekdayOfMonth { weekday: weekday_named(weekday)?, nth, month: of(month)? })
}

/// 1 to `limit`, or the same from the end.
fn number(text: &str, limit: u32) -> Option<i32> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let number: i32 = is_plain.then(|| text.parse().ok())??;
    (1..=limit).contains(&number.unsigned_abs()).then_some(number)
}

/// `month`, or a month of two digits.
#[expect(clippy::option_option, reason = "no month read, every month, one month")]
fn of(text: &str) -> Option<Option<u32>> {
    if text == "month" {
        return Some(None);
    }
    let is_plain = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    let month: u32 = is_plain.then(|| text.parse().ok())??;
    (1..=12).contains(&month).then_some(Some(month))
}

/// In the one form that change detection goes by; it is read back.
impl fmt::Display for DayRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let month_word =
            |month: Option<u32>| month.map_or_else(|| "month".to_owned(), |month| format!("{month:02}"));
        let weekday_word = |weekday: Weekday| {
            WEEKDAYS.iter().find(|(_, known)| *known == weekday).map_or("", |(name, _)| *name)
        };
        match *self {
            Self::All => f.write_str("all"),
            Self::Open => f.write_str("open"),
            Self::Closed => f.write_str("closed"),
            Self::Weekly(weekday) => f.write_str(weekday_word(weekday)),
            Self::Yearly(day) => day.fmt(f),
            Self::DayOfMonth { nth, month } => write!(f, "day {nth} of {}", month_word(month)),
            Self::OpenDay { nth, month } => write!(f, "open day {nth} of {}", month_word(month)),
            Self::WeekdayOfMonth { weekday, nth, month } => {
                write!(f, "{} {nth} of {}", weekday_word(weekday), month_word(month))
            }
        }
    }
}
