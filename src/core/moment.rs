//! A moment of wall-clock time in the hub's zone. It is shown and recorded, never used to cut or to order.

use std::fmt;

use chrono::{NaiveDate, NaiveDateTime};

/// A wall-clock time of Asia/Tokyo, to the second. Japan has kept +09:00 without summer time since 1952.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(NaiveDateTime);

impl Moment {
    /// The moment at this Asia/Tokyo wall-clock time.
    pub const fn at(local: NaiveDateTime) -> Self {
        Self(local)
    }

    /// The moment this many seconds after 1970-01-01T00:00:00Z; `None` beyond the calendar.
    pub fn from_unix(seconds: i64) -> Option<Self> {
        let local = seconds.checked_add(9 * 3600)?;
        Some(Self(chrono::DateTime::from_timestamp(local, 0)?.naive_utc()))
    }

    /// Reads what [`Moment`] shows: `2026-10-02T01:30:00+09:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let local = text.strip_suffix("+09:00")?;
        NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M:%S").ok().map(Self)
    }

    /// This much later, or earlier for a negative time; the last or first moment of the calendar beyond it.
    #[must_use]
    pub fn plus(self, time: chrono::TimeDelta) -> Self {
        let edge = if time < chrono::TimeDelta::zero() { NaiveDateTime::MIN } else { NaiveDateTime::MAX };
        Self(self.0.checked_add_signed(time).unwrap_or(edge))
    }

    /// The time from `earlier` to this; negative when that is later.
    pub fn since(self, earlier: Self) -> chrono::TimeDelta {
        self.0 - earlier.0
    }

    /// The wall-clock time.
    pub const fn local(self) -> NaiveDateTime {
        self.0
    }

    /// The calendar day.
    pub fn date(self) -> NaiveDate {
        self.0.date()
    }

    /// `YYYY-MM-DD`.
    pub fn date_text(self) -> String {
        self.0.format("%Y-%m-%d").to_string()
    }

    /// `HH:MM:SS`.
    pub fn time_text(self) -> String {
        self.0.format("%H:%M:%S").to_string()
    }
}

/// `2026-10-02T01:30:00+09:00`.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+09:00", self.0.format("%Y-%m-%dT%H:%M:%S"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix_time_is_shown_in_tokyo() {
        let moment = Moment::from_unix(1_790_872_200).unwrap();
        assert_eq!(moment.to_string(), "2026-10-02T01:30:00+09:00");
        assert_eq!((moment.date_text(), moment.time_text()), ("2026-10-02".into(), "01:30:00".into()));
        assert_eq!(Moment::from_unix(i64::MAX), None);
    }
}
