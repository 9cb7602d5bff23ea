//! The 24–48 hour clock: `25:30` on the 3rd is 01:30 on the 4th, and belongs to the 3rd.

use std::fmt;
use std::str::FromStr;

use chrono::{Days, Duration, NaiveDate, NaiveDateTime};

/// A time of a business date, `00:00` to `47:59`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceTime {
    minutes: u16,
}

/// A text that is no [`ServiceTime`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("time must be 00:00 to 47:59 (24:00 and later are of the next morning), not {found:?}")]
pub struct ServiceTimeError {
    /// What was there.
    pub found: String,
}

impl ServiceTime {
    /// Hours 0 to 47 and minutes 0 to 59.
    pub fn new(hour: u16, minute: u16) -> Option<Self> {
        (hour < 48 && minute < 60).then(|| Self { minutes: hour * 60 + minute })
    }

    /// Minutes since the business date began, 0 to 2879.
    pub const fn minutes(self) -> u16 {
        self.minutes
    }

    /// Seconds since the business date began.
    pub fn seconds(self) -> u32 {
        u32::from(self.minutes) * 60
    }

    /// The wall-clock time; `None` at the calendar's very end.
    pub fn on(self, business_date: NaiveDate) -> Option<NaiveDateTime> {
        at_second(business_date, self.seconds())
    }
}

/// The wall-clock time so many seconds (0 to 172,799) after a business date began.
pub(super) fn at_second(business_date: NaiveDate, second: u32) -> Option<NaiveDateTime> {
    let day = business_date.checked_add_days(Days::new((second / 86_400).into()))?;
    let midnight = day.and_hms_opt(0, 0, 0)?;
    midnight.checked_add_signed(Duration::seconds((second % 86_400).into()))
}

impl FromStr for ServiceTime {
    type Err = ServiceTimeError;
    fn from_str(text: &str) -> Result<Self, ServiceTimeError> {
        let number = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
            let is_plain = lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            is_plain.then(|| part.parse().ok())?
        };
        text.split_once(':')
            .and_then(|(hour, minute)| Self::new(number(hour, 1..=2)?, number(minute, 2..=2)?))
            .ok_or_else(|| ServiceTimeError { found: text.to_owned() })
    }
}

impl fmt::Display for ServiceTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, date: (i32, u32, u32), expected: &str) {
        let date = NaiveDate::from_ymd_opt(date.0, date.1, date.2).unwrap();
        let time: ServiceTime = text.parse().unwrap();
        assert_eq!(time.on(date).unwrap().to_string(), expected, "{text} on {date}");
    }

    #[test]
    fn times_after_24_belong_to_the_day_before() {
        check("0:00", (2026, 10, 2), "2026-10-02 00:00:00");
        check("25:30", (2026, 10, 2), "2026-10-03 01:30:00");
        check("24:00", (2026, 12, 31), "2027-01-01 00:00:00");
        check("24:30", (2028, 2, 28), "2028-02-29 00:30:00");
        check("24:30", (2027, 2, 28), "2027-03-01 00:30:00");
        check("24:30", (2028, 2, 29), "2028-03-01 00:30:00");
        check("47:59", (2026, 12, 30), "2026-12-31 23:59:00");
        check("47:59", (2026, 4, 30), "2026-05-01 23:59:00");
        assert_eq!("9:05".parse::<ServiceTime>().unwrap().to_string(), "09:05");
        assert_eq!(ServiceTime::new(47, 59).unwrap().on(NaiveDate::MAX), None);
    }

    #[test]
    fn nothing_else_is_a_time() {
        for text in [
            "",
            ":",
            "48:00",
            "24:60",
            "24",
            "24:0",
            "2400",
            "-1:00",
            "+1:00",
            " 1:00",
            "025:00",
            "２４:00",
            "24:00:00",
        ] {
            assert!(text.parse::<ServiceTime>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}") {
            if let Ok(time) = text.parse::<ServiceTime>() {
                prop_assert_eq!(time.to_string().parse::<ServiceTime>(), Ok(time));
            }
        }

        #[test]
        fn every_time_is_shown_as_it_is_read(hour in 0_u16..48, minute in 0_u16..60) {
            let time = ServiceTime::new(hour, minute).unwrap();
            prop_assert_eq!(time.to_string().parse::<ServiceTime>(), Ok(time));
        }
    }
}
