//! The days on which a system is a receiver of a feed.

use chrono::NaiveDate;
use serde::Serialize;

/// From a day through a day, both with it; open where none is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ReceiverWindow {
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub until: Option<NaiveDate>,
}

impl ReceiverWindow {
    /// Always.
    pub const ALWAYS: Self = Self { from: None, until: None };

    /// True on a day within.
    pub fn has(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| day >= from) && self.until.is_none_or(|until| day <= until)
    }

    /// True when it holds no day at all.
    pub fn is_empty(&self) -> bool {
        self.from.zip(self.until).is_some_and(|(from, until)| from > until)
    }
}
