//! A schedule: times of named days, with a calendar and what it does to them.

use std::sync::Arc;

use chrono::{Days, Duration, NaiveDate};
use chrono_tz::Tz;

use super::day_plan::{DayPlan, WhyNot};
use super::days::NamedDays;
use super::due::Due;
use super::service_time::at_second;
use super::zone::moment_at;
use crate::calendar::{Calendar, Shift};
use crate::hash::sha256;
use crate::ids::Digest;
use crate::moment::Moment;

/// When a job is due, as declared by its `[schedule]`; only [`Schedule::read`] makes one.
#[derive(Debug, Clone)]
pub struct Schedule {
    pub(super) days: NamedDays,
    /// The times of a business date, in seconds after it began (0 to 172,799), ascending, at least one.
    pub(super) seconds: Vec<u32>,
    /// There where the days or the shift need one.
    pub(super) calendar: Option<Arc<Calendar>>,
    pub(super) shift: Shift,
    pub(super) zone: Tz,
    pub(super) canonical: String,
}

/// Business dates begin up to so many days before their slots: two for 47:59, one for zones around the world.
const DAYS_BEFORE: u64 = 3;
/// And up to so many after, in zones east of Tokyo.
const DAYS_AFTER: u64 = 1;
/// Days that far away may decide about a date: those of its month, and those a slot may be shifted over.
const DAYS_THAT_DECIDE: u64 = 31 + Calendar::SHIFT_DAYS;

impl Schedule {
    /// How far ahead [`Schedule::next_after`] looks, in days: 29 February comes after eight years at most.
    const LOOK_AHEAD_DAYS: usize = 16_000;

    /// All slots planned after `after`, up to and at `through`, ascending. What a calendar does not know is
    /// not among them: [`Schedule::known_through`] says where that begins.
    pub fn between(&self, after: Moment, through: Moment) -> Vec<Due> {
        let first = after.date().checked_sub_days(Days::new(DAYS_BEFORE)).unwrap_or(NaiveDate::MIN);
        let last = through.date().checked_add_days(Days::new(DAYS_AFTER)).unwrap_or(NaiveDate::MAX);
        let mut dues: Vec<Due> = first
            .iter_days()
            .take_while(|day| *day <= last && after < through)
            .flat_map(|day| self.dues_of(day))
            .filter(|due| after < due.planned && due.planned <= through)
            .collect();
        dues.sort();
        dues
    }

    /// The next `n` slots planned after a moment, ascending; fewer where there are no more within 43 years,
    /// or within what the calendar knows.
    pub fn next_after(&self, after: Moment, n: usize) -> Vec<Due> {
        let first = after.date().checked_sub_days(Days::new(DAYS_BEFORE)).unwrap_or(NaiveDate::MIN);
        let mut dues: Vec<Due> = Vec::new();
        let mut n_days_more = None;
        for day in first.iter_days().take(Self::LOOK_AHEAD_DAYS) {
            dues.extend(self.dues_of(day).into_iter().filter(|due| due.planned > after));
            // Once there are enough, only the dates whose slots lie among the first ones' are left to ask.
            if dues.len() >= n {
                let left = n_days_more.get_or_insert(DAYS_BEFORE + DAYS_AFTER);
                if *left == 0 {
                    break;
                }
                *left -= 1;
            }
        }
        dues.sort();
        dues.truncate(n);
        dues
    }

    /// The slots of a business date, or why it has none.
    pub fn on(&self, business_date: NaiveDate) -> DayPlan {
        DayPlan::of(self, business_date)
    }

    /// The last business date whose slots are known; [`NaiveDate::MAX`] for a schedule that asks no calendar.
    /// Whoever keeps slots must not count later ones as settled (see [`Schedule::settled_through`]).
    pub fn known_through(&self) -> NaiveDate {
        self.calendar.as_ref().map_or(NaiveDate::MAX, |calendar| calendar.known_through())
    }

    /// `now`, or, where the calendar has run out before, the last moment up to which every slot is known: the
    /// keeper's watermark stops there, so that slots are caught up once the calendar goes on.
    pub fn settled_through(&self, now: Moment) -> Moment {
        let known = self.known_through();
        let from = known.checked_sub_days(Days::new(DAYS_THAT_DECIDE)).unwrap_or(NaiveDate::MIN);
        if known == NaiveDate::MAX || now.date() < from {
            return now;
        }
        let last = now.date().checked_add_days(Days::new(DAYS_AFTER)).unwrap_or(NaiveDate::MAX);
        let unknown = from
            .iter_days()
            .take_while(|day| *day <= last)
            .find(|day| matches!(self.on(*day), DayPlan::Nothing(WhyNot::CalendarRunsOut { .. })));
        let end = unknown.and_then(|day| moment_at(self.zone, at_second(day, 0)?));
        end.map_or(now, |end| now.min(end.plus(Duration::seconds(-1))))
    }

    /// The calendar it keeps, if any.
    pub fn calendar(&self) -> Option<&Calendar> {
        self.calendar.as_deref()
    }

    /// What it does with closed days.
    pub fn shift(&self) -> Shift {
        self.shift
    }

    /// A text that is the same for two schedules exactly when they were declared alike, whatever the order and
    /// writing; calendars by name.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The digest of [`Schedule::canonical`], to see that a schedule was changed.
    pub fn sha256(&self) -> Digest {
        Digest(sha256(self.canonical.as_bytes()))
    }

    fn dues_of(&self, business_date: NaiveDate) -> Vec<Due> {
        match DayPlan::of(self, business_date) {
            DayPlan::Runs { dues, .. } => dues,
            DayPlan::Nothing(_) => Vec::new(),
        }
    }

    /// The slots of a business date that has some.
    pub(super) fn slots(&self, business_date: NaiveDate) -> Vec<Due> {
        let planned =
            self.seconds.iter().filter_map(|second| moment_at(self.zone, at_second(business_date, *second)?));
        let mut dues: Vec<Due> = planned.map(|planned| Due { business_date, planned }).collect();
        // All times that fall into one gap of the clock are one slot.
        dues.dedup();
        dues
    }
}
