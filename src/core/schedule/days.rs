//! The days a schedule names, before any of them is shifted.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::cron::Cron;
use super::day_rule::DayRule;
use crate::calendar::Calendar;

/// Which days are meant.
#[derive(Debug, Clone)]
pub(super) enum NamedDays {
    /// Those of any of these rules.
    Rules(Vec<DayRule>),
    /// Those of a cron expression's day fields.
    Cron(Box<Cron>),
    /// These.
    Listed(BTreeSet<NaiveDate>),
}

impl NamedDays {
    /// Whether a date is among them; `None` where the calendar does not know.
    pub(super) fn has(&self, date: NaiveDate, calendar: Option<&Calendar>) -> Option<bool> {
        match self {
            Self::Cron(cron) => Some(cron.is_on(date)),
            Self::Listed(days) => Some(days.contains(&date)),
            Self::Rules(rules) => {
                let mut answer = Some(false);
                for rule in rules {
                    match rule.has(date, calendar) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => answer = None,
                    }
                }
                answer
            }
        }
    }

    /// True when every open day is among them.
    pub(super) fn are_open_days(&self) -> bool {
        matches!(self, Self::Rules(rules) if rules.contains(&DayRule::Open))
    }

    /// True when only a calendar can tell them.
    pub(super) fn need_calendar(&self) -> bool {
        matches!(self, Self::Rules(rules) if rules.iter().any(|rule| rule.needs_calendar()))
    }
}
