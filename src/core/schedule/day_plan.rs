//! What a schedule does on one business date, and why nothing where it does nothing.

use std::fmt;

use chrono::{Days, NaiveDate};

use super::due::Due;
use super::types::Schedule;
use crate::calendar::{Calendar, Closed, Shift};

/// A schedule's business date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayPlan {
    /// It has slots.
    Runs {
        /// The slots, ascending.
        dues: Vec<Due>,
        /// The days of the rule they are for: the date itself, or days that were shifted to it.
        of_days: Vec<NaiveDate>,
    },
    /// It has none.
    Nothing(WhyNot),
}

/// Why a schedule has no slot on a business date.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyNot {
    /// The date is none of its days.
    NotItsDay,
    /// The office is closed, and closed days are skipped, or open days are asked for.
    Skipped(Closed),
    /// The office is closed, and the slot is on another day.
    Shifted {
        /// Where it is.
        to: NaiveDate,
        /// Why not here.
        closed: Closed,
    },
    /// The office is closed, and so are all days near.
    NoOpenDay(Closed),
    /// The calendar has no data for the date, or for one that decides about it.
    CalendarRunsOut {
        /// The first day it knows.
        known_from: NaiveDate,
        /// The last.
        known_through: NaiveDate,
    },
}

impl WhyNot {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotItsDay => "not-its-day",
            Self::Skipped(_) => "closed-skipped",
            Self::Shifted { .. } => "closed-shifted",
            Self::NoOpenDay(_) => "no-open-day",
            Self::CalendarRunsOut { .. } => "calendar-runs-out",
        }
    }

    /// The same in Japanese.
    pub fn in_japanese(&self) -> String {
        match self {
            Self::NotItsDay => "予定の日ではない".to_owned(),
            Self::Skipped(closed) => format!("閉庁（{}）のため実行しない", closed.in_japanese()),
            Self::Shifted { to, closed } => format!("閉庁（{}）のため {to} に移した", closed.in_japanese()),
            Self::NoOpenDay(closed) => format!("閉庁（{}）で、前後に開庁日がない", closed.in_japanese()),
            Self::CalendarRunsOut { known_from, known_through } => {
                format!("カレンダーの範囲（{known_from} ～ {known_through}）の外で、開庁か分からない")
            }
        }
    }
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotItsDay => f.write_str("not one of its days"),
            Self::Skipped(closed) => write!(f, "closed ({closed}), skipped"),
            Self::Shifted { to, closed } => write!(f, "closed ({closed}), shifted to {to}"),
            Self::NoOpenDay(closed) => write!(f, "closed ({closed}), and no open day near"),
            Self::CalendarRunsOut { known_from, known_through } => {
                write!(f, "the calendar knows {known_from} to {known_through} only")
            }
        }
    }
}

impl DayPlan {
    pub(super) fn of(schedule: &Schedule, date: NaiveDate) -> Self {
        let runs = |of_days| Self::Runs { dues: schedule.slots(date), of_days };
        let named = schedule.days.has(date, schedule.calendar());
        let Some(calendar) = schedule.calendar() else {
            return if named == Some(true) { runs(vec![date]) } else { Self::Nothing(WhyNot::NotItsDay) };
        };
        let unknown = || {
            Self::Nothing(WhyNot::CalendarRunsOut {
                known_from: calendar.known_from(),
                known_through: calendar.known_through(),
            })
        };
        if schedule.shift == Shift::None || (schedule.shift == Shift::Skip && named == Some(false)) {
            return match named {
                Some(true) => runs(vec![date]),
                // A rule of open days says by itself what a closed day is.
                Some(false) if schedule.days.are_open_days() => {
                    Self::Nothing(calendar.why_closed(date).map_or(WhyNot::NotItsDay, WhyNot::Skipped))
                }
                Some(false) => Self::Nothing(WhyNot::NotItsDay),
                None => unknown(),
            };
        }
        if !calendar.knows(date) {
            return unknown();
        }
        match (calendar.why_closed(date), named) {
            (_, None) => unknown(),
            (Some(_), Some(false)) => Self::Nothing(WhyNot::NotItsDay),
            (Some(closed), Some(true)) => match calendar.shift(date, schedule.shift) {
                _ if schedule.shift == Shift::Skip => Self::Nothing(WhyNot::Skipped(closed)),
                Some(to) if calendar.knows(to) => Self::Nothing(WhyNot::Shifted { to, closed }),
                Some(_) => unknown(),
                None => Self::Nothing(WhyNot::NoOpenDay(closed)),
            },
            (None, Some(is_named)) => {
                let (mut of_days, is_known) = shifted_to(schedule, calendar, date);
                if is_named {
                    of_days.push(date);
                }
                of_days.sort();
                match of_days.is_empty() {
                    false => runs(of_days),
                    true if is_known => Self::Nothing(WhyNot::NotItsDay),
                    true => unknown(),
                }
            }
        }
    }
}

/// The closed days of the rule whose slots are on this open day, and whether the calendar knew all that
/// might be.
fn shifted_to(schedule: &Schedule, calendar: &Calendar, date: NaiveDate) -> (Vec<NaiveDate>, bool) {
    let mut found = Vec::new();
    for n in 1..=Calendar::SHIFT_DAYS {
        let near = match schedule.shift {
            Shift::Before => date.checked_add_days(Days::new(n)),
            Shift::After => date.checked_sub_days(Days::new(n)),
            Shift::None | Shift::Skip => None,
        };
        let Some(near) = near else { break };
        if !calendar.knows(near) {
            return (found, false);
        }
        if calendar.is_open(near) {
            break;
        }
        match schedule.days.has(near, Some(calendar)) {
            Some(true) => found.push(near),
            Some(false) => {}
            None => return (found, false),
        }
    }
    (found, true)
}
