//! Times of day in which a destination may be given files, such as `21:00-29:00`.

use std::fmt;
use std::str::FromStr;

use chrono::{Days, NaiveDate};

use crate::moment::Moment;
use crate::schedule::ServiceTime;

/// A time of every day, on the 24–48 hour clock: `21:00-29:00` is from nine in the evening to five in the morning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryWindow {
    from: ServiceTime,
    to: ServiceTime,
}

/// A text that is no window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be two times of the 24-48 hour clock at most a day apart, such as 21:00-29:00, not {found:?}")]
pub struct WindowError {
    /// What was there.
    pub found: String,
}

impl FromStr for DeliveryWindow {
    type Err = WindowError;
    fn from_str(text: &str) -> Result<Self, WindowError> {
        let read = || {
            let (from, to) = text.split_once('-')?;
            let (from, to): (ServiceTime, ServiceTime) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
            let minutes = to.minutes().checked_sub(from.minutes())?;
            (1..=1440).contains(&minutes).then_some(Self { from, to })
        };
        read().ok_or_else(|| WindowError { found: text.to_owned() })
    }
}

impl fmt::Display for DeliveryWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

impl DeliveryWindow {
    fn on(self, date: NaiveDate) -> Option<(Moment, Moment)> {
        Some((Moment::at(self.from.on(date)?), Moment::at(self.to.on(date)?)))
    }

    /// What of it begins on the two days before `at`, that day and the next.
    fn around(self, at: Moment) -> impl Iterator<Item = (Moment, Moment)> {
        let first = at.date().checked_sub_days(Days::new(2)).unwrap_or(at.date());
        first.iter_days().take(4).filter_map(move |date| self.on(date))
    }
}

/// All windows of a destination; none means always.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryWindows {
    windows: Vec<DeliveryWindow>,
}

impl DeliveryWindows {
    /// Open in each of these; always where there is none.
    pub const fn new(windows: Vec<DeliveryWindow>) -> Self {
        Self { windows }
    }

    /// All of them.
    pub fn all(&self) -> &[DeliveryWindow] {
        &self.windows
    }

    /// Of what is open at `now`, when the last window of it ends; others may follow at once. `None` where it is always
    /// open, or closed.
    pub fn closes_at(&self, now: Moment) -> Option<Moment> {
        let spans = self.windows.iter().flat_map(|window| window.around(now));
        spans.filter(|(from, to)| *from <= now && now < *to).map(|(_, to)| to).max()
    }

    /// `None` while it is open; else when it opens next.
    pub fn opens_at(&self, now: Moment) -> Option<Moment> {
        let spans = || self.windows.iter().flat_map(|window| window.around(now));
        let is_open = self.windows.is_empty() || spans().any(|(from, to)| from <= now && now < to);
        if is_open { None } else { spans().map(|(from, _)| from).filter(|from| *from > now).min() }
    }
}
