//! Calendar dates and times as the standard's files write them: `YYYY-MM-DD`, `HH:MM:SS`.
//!
//! Well-formed dates order as their texts do, so the registry compares texts.

/// True for a day of the Gregorian calendar from 1868-01-01, written `YYYY-MM-DD`.
///
/// 1868 is the first year of 明治, the oldest era the standard has a code for (`facts.md` 3.9).
pub fn is_date(text: &[u8]) -> bool {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return false };
    let (Some(century), Some(year), Some(month), Some(day)) =
        (two_digits(y1, y2), two_digits(y3, y4), two_digits(m1, m2), two_digits(d1, d2))
    else {
        return false;
    };
    let year = century * 100 + year;
    year >= 1868 && day >= 1 && day <= days_in(year, month)
}

/// True for a time of day `HH:MM:SS`, 00:00:00 to 23:59:59.
pub fn is_time(text: &[u8]) -> bool {
    let &[h1, h2, b':', m1, m2, b':', s1, s2] = text else { return false };
    matches!(
        (two_digits(h1, h2), two_digits(m1, m2), two_digits(s1, s2)),
        (Some(..=23), Some(..=59), Some(..=59))
    )
}

/// [`is_date`] for days written `YYYYMMDD`.
pub fn is_compact_date(text: &[u8]) -> bool {
    let &[y1, y2, y3, y4, m1, m2, d1, d2] = text else { return false };
    is_date(&[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2])
}

/// True for a moment written `YYYYMMDDhhmmss`.
pub fn is_timestamp(text: &[u8]) -> bool {
    let Some((day, &[h1, h2, m1, m2, s1, s2])) = text.split_at_checked(8) else { return false };
    is_compact_date(day) && is_time(&[h1, h2, b':', m1, m2, b':', s1, s2])
}

fn two_digits(tens: u8, ones: u8) -> Option<u32> {
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

/// Days of a month, 0 for a month that is none.
fn days_in(year: u32, month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_that_exist() {
        for text in ["2026-11-21", "2024-02-29", "2000-02-29", "1868-01-01", "9999-12-31"] {
            assert!(is_date(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "2026-01-00",
            "1867-12-31",
            "2026/01/01",
            "20260101",
            "2026-1-01",
            "２０２６-01-01",
            "2026-01-01 ",
            "99999999",
        ] {
            assert!(!is_date(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn compact_forms_follow_the_same_rules() {
        for (text, is_day) in
            [("20240229", true), ("20230229", false), ("2024-229", false), ("", false), ("99999999", false)]
        {
            assert_eq!(is_compact_date(text.as_bytes()), is_day, "{text}");
        }
        for (text, is_moment) in [
            ("20261001235959", true),
            ("20261001240000", false),
            ("20261301000000", false),
            ("20261001", false),
            ("2026100112:000", false),
            ("", false),
        ] {
            assert_eq!(is_timestamp(text.as_bytes()), is_moment, "{text}");
        }
    }

    #[test]
    fn times_end_at_midnight() {
        for text in ["00:00:00", "23:59:59"] {
            assert!(is_time(text.as_bytes()), "{text}");
        }
        for text in ["24:00:00", "12:60:00", "12:00:60", "12:00", "1:00:00", ""] {
            assert!(!is_time(text.as_bytes()), "{text}");
        }
    }
}
