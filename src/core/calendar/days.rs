//! A calendar: open or closed, day by day, and reckoning with open days.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{Datelike as _, Days, NaiveDate, Weekday};

use super::closed::Closed;
use super::holidays::Holidays;
use super::month_day::MonthDays;

/// Where a slot goes that falls on a closed day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// Nowhere: it runs on the closed day.
    None,
    /// To the nearest open day before (前倒し).
    Before,
    /// To the nearest open day after (後ろ倒し).
    After,
    /// Nowhere: it does not run.
    Skip,
}

impl Shift {
    /// The word in TOML.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Before => "before",
            Self::After => "after",
            Self::Skip => "skip",
        }
    }
}

/// The open and closed days of one office.
///
/// What is known ends with [`Calendar::known_through`]: beyond it, and before [`Calendar::known_from`],
/// [`Calendar::is_open`] answers by what is known and may be wrong about national holidays; schedules ask
/// [`Calendar::knows`] first and never guess.
#[derive(Debug, Clone)]
pub struct Calendar {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) weekly: Vec<Weekday>,
    pub(super) yearly: Vec<MonthDays>,
    pub(super) closed: BTreeSet<NaiveDate>,
    pub(super) open: BTreeSet<NaiveDate>,
    pub(super) holidays: Option<Arc<Holidays>>,
    pub(super) known_through: Option<NaiveDate>,
}

impl Calendar {
    /// Its file name without `.toml`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True when the office is open on this day.
    pub fn is_open(&self, date: NaiveDate) -> bool {
        self.why_closed(date).is_none()
    }

    /// Why the office is closed on this day; `None` when it is open. A day listed as open (休日開庁) is open
    /// whatever else it is.
    pub fn why_closed(&self, date: NaiveDate) -> Option<Closed> {
        if self.open.contains(&date) {
            return None;
        }
        if self.closed.contains(&date) {
            return Some(Closed::Listed);
        }
        if let Some(holiday) = self.holidays.as_ref().and_then(|holidays| holidays.on(date)) {
            return Some(Closed::Holiday(holiday.clone()));
        }
        if self.yearly.iter().any(|days| days.contain(date)) {
            return Some(Closed::Yearly);
        }
        self.weekly.contains(&date.weekday()).then(|| Closed::Weekly(date.weekday()))
    }

    /// The first day it knows about.
    pub fn known_from(&self) -> NaiveDate {
        self.holidays.as_ref().map_or(NaiveDate::MIN, |holidays| holidays.known_from())
    }

    /// The last day it knows about; [`NaiveDate::MAX`] for one that keeps no holidays and sets no end.
    pub fn known_through(&self) -> NaiveDate {
        let holidays = self.holidays.as_ref().map_or(NaiveDate::MAX, |holidays| holidays.known_through());
        self.known_through.map_or(holidays, |own| own.min(holidays))
    }

    /// True when the data cover this day.
    pub fn knows(&self, date: NaiveDate) -> bool {
        (self.known_from()..=self.known_through()).contains(&date)
    }

    /// The nth open day of a month: 1 is the first, -1 the last. `None` when the month has not so many, is
    /// none, or `nth` is 0.
    pub fn nth_open_of_month(&self, year: i32, month: u32, nth: i32) -> Option<NaiveDate> {
        let first = NaiveDate::from_ymd_opt(year, month, 1)?;
        let days = first.iter_days().take_while(|day| day.month() == month);
        let open: Vec<NaiveDate> = days.filter(|day| self.is_open(*day)).collect();
        let place = usize::try_from(nth.unsigned_abs()).ok()?.checked_sub(1)?;
        if nth > 0 { open.get(place).copied() } else { open.iter().rev().nth(place).copied() }
    }

    /// The day to which a slot on `date` goes: an open day stays. `None` when it does not run, or when there
    /// is no open day within [`Calendar::SHIFT_DAYS`].
    pub fn shift(&self, date: NaiveDate, shift: Shift) -> Option<NaiveDate> {
        if self.is_open(date) {
            return Some(date);
        }
        let days = 1..=Self::SHIFT_DAYS;
        match shift {
            Shift::None => Some(date),
            Shift::Skip => None,
            Shift::Before => {
                days.map_while(|n| date.checked_sub_days(Days::new(n))).find(|day| self.is_open(*day))
            }
            Shift::After => {
                days.map_while(|n| date.checked_add_days(Days::new(n))).find(|day| self.is_open(*day))
            }
        }
    }

    /// How far a slot is shifted at most, in days: longer than the longest closing of any office.
    pub const SHIFT_DAYS: u64 = 31;

    /// The nth open day after a date, or before it for a negative `n`; 0 gives the date itself, open or not.
    /// `None` when that is beyond what the calendar knows.
    pub fn add_open_days(&self, date: NaiveDate, n: i64) -> Option<NaiveDate> {
        let (mut day, mut left) = (date, n.unsigned_abs());
        while left > 0 {
            day = if n > 0 { day.succ_opt()? } else { day.pred_opt()? };
            if !self.knows(day) {
                return None;
            }
            left -= u64::from(self.is_open(day));
        }
        Some(day)
    }
}
