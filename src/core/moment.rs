//! A moment of wall-clock time in the hub's zone. It is shown and recorded, never used to cut or to order.

use std::fmt;

use chrono::{Duration, NaiveDate, NaiveDateTime};

/// A wall-clock time of Asia/Tokyo, to the second. Japan has kept +09:00 without summer time since 1952.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    /// The seconds after 1970-01-01T00:00:00Z.
    pub fn unix(self) -> i64 {
        self.0.and_utc().timestamp().saturating_sub(9 * 3600)
    }

    /// The wall-clock time.
    pub const fn local(self) -> NaiveDateTime {
        self.0
    }

    /// The calendar day.
    pub fn date(self) -> NaiveDate {
        self.0.date()
    }

    /// The moment so much later, or earlier for a negative duration; at the calendar's ends, its end.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let end = if duration < Duration::zero() { NaiveDateTime::MIN } else { NaiveDateTime::MAX };
        Self(self.0.checked_add_signed(duration).unwrap_or(end))
    }

    /// How long after `earlier` this is; negative when it is before it.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.signed_duration_since(earlier.0)
    }

    /// Reads what [`Moment`] is shown as; the `+09:00` may be left out.
    pub fn parse(text: &str) -> Option<Self> {
        let local = text.strip_suffix("+09:00").unwrap_or(text);
        NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M:%S").ok().map(Self)
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
        assert_eq!(moment.unix(), 1_790_872_200);
        assert_eq!(Moment::from_unix(i64::MAX), None);
    }

    #[test]
    fn what_is_shown_is_read_back() {
        let moment = Moment::from_unix(1_790_872_200).unwrap();
        assert_eq!(Moment::parse(&moment.to_string()), Some(moment));
        assert_eq!(Moment::parse("2026-10-02T01:30:00"), Some(moment));
        for text in ["", "2026-10-02", "2026-10-02T24:00:00", "2026-10-02T01:30:00Z", "2026-02-30T01:30:00"] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }

    #[test]
    fn reckoning_stops_at_the_ends_of_the_calendar() {
        let moment = Moment::from_unix(1_790_872_200).unwrap();
        let later = moment.plus(Duration::hours(23));
        assert_eq!(later.to_string(), "2026-10-03T00:30:00+09:00");
        assert_eq!((later.since(moment), moment.since(later)), (Duration::hours(23), Duration::hours(-23)));
        assert_eq!(moment.plus(Duration::MAX), Moment::at(NaiveDateTime::MAX));
        assert_eq!(moment.plus(Duration::MIN), Moment::at(NaiveDateTime::MIN));
    }
}
