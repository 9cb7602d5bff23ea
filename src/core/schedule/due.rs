//! A due slot: a business date and the moment it is planned for.

use std::cmp::Ordering;
use std::fmt;

use chrono::NaiveDate;

use crate::moment::Moment;

/// When a slot is due. With its job it is a slot: no two of a job are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Due {
    /// The business date (業務日); of a shifted slot, the day it was shifted to.
    pub business_date: NaiveDate,
    /// When it is planned; a time of 24:00 or later is on the next day.
    pub planned: Moment,
}

/// By planned time; two of one time by business date.
impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.planned, self.business_date).cmp(&(other.planned, other.business_date))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `2026-10-02 at 2026-10-03T01:30:00+09:00`.
impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.business_date, self.planned)
    }
}
