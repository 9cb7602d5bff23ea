//! Days of the Gregorian calendar as numbers, to count with; the registry's rows hold them as text.

use std::fmt;

use renkei_registry::date::is_date;

/// A day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Day(i32);

impl Day {
    /// Reads `YYYY-MM-DD`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if !is_date(text.as_bytes()) {
            return None;
        }
        let mut parts = text.split('-').map(|part| part.parse::<i32>().ok());
        Some(Self::of(parts.next()??, parts.next()??, parts.next()??))
    }

    /// The day of a year, month and day of month that exist.
    pub(crate) const fn of(year: i32, month: i32, day: i32) -> Self {
        // Years begin in March here, so that the leap day is the last of a year.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        Self(year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468)
    }

    /// The day `days` later.
    pub(crate) const fn plus(self, days: i32) -> Self {
        Self(self.0 + days)
    }

    /// Days from `earlier` to this day.
    pub(crate) const fn days_since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    /// Year, month and day of month.
    pub(crate) const fn ymd(self) -> (i32, i32, i32) {
        let from_march = self.0 + 719_468;
        let era = from_march.div_euclid(146_097);
        let in_era = from_march.rem_euclid(146_097);
        let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
        let in_year = in_era - (365 * year + year / 4 - year / 100);
        let month = (5 * in_year + 2) / 153;
        let day = in_year - (153 * month + 2) / 5 + 1;
        let year = year + era * 400;
        if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
    }

    /// The year.
    pub(crate) const fn year(self) -> i32 {
        self.ymd().0
    }

    /// Whole years from this day of birth to `day`.
    pub(crate) const fn age_on(self, day: Self) -> i32 {
        let ((y1, m1, d1), (y2, m2, d2)) = (self.ymd(), day.ymd());
        if (m2, d2).0 > m1 || (m2 == m1 && d2 >= d1) { y2 - y1 } else { y2 - y1 - 1 }
    }

    /// The same day of another year; 1 March where that year has no 29 February.
    pub(crate) const fn years_later(self, years: i32) -> Self {
        let (year, month, day) = self.ymd();
        Self::of(year + years, month, day)
    }

    /// The era (元号) of the day: its code (`codes/era.csv`), its name and its year in it.
    pub(crate) fn era(self) -> (&'static str, &'static str, i32) {
        let year = self.year();
        for (code, name, first) in [
            ("5", "令和", Self::of(2019, 5, 1)),
            ("4", "平成", Self::of(1989, 1, 8)),
            ("3", "昭和", Self::of(1926, 12, 25)),
            ("2", "大正", Self::of(1912, 7, 30)),
        ] {
            if self >= first {
                return (code, name, year - first.year() + 1);
            }
        }
        ("1", "明治", year - 1867)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_print_as_they_were_read() {
        for text in ["1868-10-23", "1900-02-28", "1970-01-01", "2000-02-29", "2024-12-31", "2026-11-21"] {
            assert_eq!(Day::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Day::parse("1970-01-01"), Some(Day(0)));
        assert_eq!(Day::parse("2026-02-29"), None);
        let mut day = Day::of(1899, 12, 31);
        for _ in 0..60_000 {
            let (y, m, d) = day.ymd();
            assert_eq!(Day::of(y, m, d), day);
            day = day.plus(1);
        }
    }

    #[test]
    fn ages_and_eras_follow_the_calendar() {
        let born = Day::of(1989, 1, 7);
        assert_eq!(born.age_on(Day::of(2026, 1, 6)), 36);
        assert_eq!(born.age_on(Day::of(2026, 1, 7)), 37);
        assert_eq!(born.era(), ("3", "昭和", 64));
        assert_eq!(born.plus(1).era(), ("4", "平成", 1));
        assert_eq!(Day::of(2019, 4, 30).era(), ("4", "平成", 31));
        assert_eq!(Day::of(1912, 7, 29).era(), ("1", "明治", 45));
    }
}
