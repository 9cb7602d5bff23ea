//! Days without a year, `12-29`, and ranges of them that may run over New Year.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, NaiveDate};

/// A day of every year; 29 February only of leap years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthDay {
    /// 1 to 12.
    pub month: u32,
    /// 1 to the month's length.
    pub day: u32,
}

impl MonthDay {
    /// The day that a date is.
    pub fn of(date: NaiveDate) -> Self {
        Self { month: date.month(), day: date.day() }
    }

    /// The date in a year; `None` for 29 February of a common year.
    pub fn in_year(self, year: i32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(year, self.month, self.day)
    }
}

impl FromStr for MonthDay {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| {
            let is_plain = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            is_plain.then(|| part.parse::<u32>().ok())?
        };
        text.split_once('-')
            .and_then(|(month, day)| {
                let read = Self { month: number(month)?, day: number(day)? };
                // 2000 has every day there is.
                read.in_year(2000).map(|_| read)
            })
            .ok_or_else(|| format!("must be a day of the year, month-day, such as 04-01, not {text:?}"))
    }
}

impl fmt::Display for MonthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

/// One day of the year, or all from one to another: `12-29..01-03` runs over New Year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthDays {
    /// The first.
    pub from: MonthDay,
    /// The last; before `from` when the range runs over New Year.
    pub through: MonthDay,
}

impl MonthDays {
    /// True when the date is among them.
    pub fn contain(self, date: NaiveDate) -> bool {
        let day = MonthDay::of(date);
        if self.from <= self.through {
            (self.from..=self.through).contains(&day)
        } else {
            day >= self.from || day <= self.through
        }
    }
}

impl FromStr for MonthDays {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (from, through) = text.split_once("..").unwrap_or((text, text));
        Ok(Self { from: from.parse()?, through: through.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_run_over_new_year() {
        let days: MonthDays = "12-29..01-03".parse().unwrap();
        for (date, expected) in [
            ((2026, 12, 28), false),
            ((2026, 12, 29), true),
            ((2026, 12, 31), true),
            ((2027, 1, 1), true),
            ((2027, 1, 3), true),
            ((2027, 1, 4), false),
        ] {
            let date = NaiveDate::from_ymd_opt(date.0, date.1, date.2).unwrap();
            assert_eq!(days.contain(date), expected, "{date}");
        }
        let one: MonthDays = "02-29".parse().unwrap();
        assert!(one.contain(NaiveDate::from_ymd_opt(2028, 2, 29).unwrap()));
        assert!(!one.contain(NaiveDate::from_ymd_opt(2027, 3, 1).unwrap()));
        assert_eq!(one.from.in_year(2027), None);
    }

    #[test]
    fn only_days_that_are_there_are_read() {
        for text in ["", "4-1", "02-30", "13-01", "00-10", "04-31", "0401", "04-01-", "04-0１", "+4-01"] {
            assert!(text.parse::<MonthDay>().is_err(), "{text}");
        }
        assert!("12-29..".parse::<MonthDays>().is_err());
        assert_eq!("02-29".parse::<MonthDay>().unwrap().to_string(), "02-29");
    }
}
