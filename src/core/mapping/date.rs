//! Days as other systems write them, 和暦 among them.

use chrono::{Datelike as _, NaiveDate};

/// How a source writes days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateForm {
    /// `20261001`.
    Compact,
    /// `2026/10/01`, also with one digit for month or day.
    Slashes,
    /// `2026-10-01`.
    Hyphens,
    /// `R08.10.01`, `R081001`, `令和8年10月1日`.
    Wareki,
}

/// Why a text is no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoDate {
    /// It is not written so, or there is no such day.
    NotDate,
    /// 明治 before 1873: the days of another calendar.
    BeforeSolarCalendar,
}

impl NoDate {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::NotDate => "not-date",
            Self::BeforeSolarCalendar => "before-solar-calendar",
        }
    }
}

/// An era: its letter, its names, and its first day (`facts.md` 3.9).
struct Era {
    letter: char,
    name: &'static str,
    first: (i32, u32, u32),
}

/// From the newest to the oldest.
const ERAS: [Era; 5] = [
    Era { letter: 'R', name: "令和", first: (2019, 5, 1) },
    Era { letter: 'H', name: "平成", first: (1989, 1, 8) },
    Era { letter: 'S', name: "昭和", first: (1926, 12, 25) },
    Era { letter: 'T', name: "大正", first: (1912, 7, 30) },
    Era { letter: 'M', name: "明治", first: (1868, 10, 23) },
];

/// The first year of the solar calendar; 明治 5 ended before its days did.
const SOLAR_FROM: i32 = 1873;

impl DateForm {
    /// The word in mappings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Compact => "yyyymmdd",
            Self::Slashes => "yyyy/mm/dd",
            Self::Hyphens => "yyyy-mm-dd",
            Self::Wareki => "wareki",
        }
    }

    /// All of them.
    pub const ALL: [Self; 4] = [Self::Compact, Self::Slashes, Self::Hyphens, Self::Wareki];

    /// Reads a day.
    pub(super) fn read(self, text: &str) -> Result<NaiveDate, NoDate> {
        let day = match self {
            Self::Compact => compact(text, 4).and_then(|(y, m, d)| NaiveDate::from_ymd_opt(y, m, d)),
            Self::Slashes => separated(text, '/'),
            Self::Hyphens => separated(text, '-'),
            Self::Wareki => return wareki(text),
        };
        day.ok_or(NoDate::NotDate)
    }
}

/// Digits of year, month and day without separators; the year has `n_year` digits.
fn compact(text: &str, n_year: usize) -> Option<(i32, u32, u32)> {
    if text.len() != n_year + 4 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = text.split_at_checked(n_year)?;
    let (month, day) = rest.split_at_checked(2)?;
    Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

fn separated(text: &str, separator: char) -> Option<NaiveDate> {
    let mut parts = text.split(separator);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, one_or_two(month)?, one_or_two(day)?)
}

/// A number of one or two digits.
fn one_or_two(text: &str) -> Option<u32> {
    let is_number = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

fn wareki(text: &str) -> Result<NaiveDate, NoDate> {
    let (index, rest) = ERAS
        .iter()
        .enumerate()
        .find_map(|(index, era)| {
            let rest = text.strip_prefix(era.name).or_else(|| text.strip_prefix(era.letter))?;
            Some((index, rest))
        })
        .ok_or(NoDate::NotDate)?;
    let (year, month, day) = year_month_day(rest).ok_or(NoDate::NotDate)?;
    let (era, next) =
        (ERAS.get(index).ok_or(NoDate::NotDate)?, index.checked_sub(1).and_then(|i| ERAS.get(i)));
    let year = era.first.0 + year - 1;
    if year < SOLAR_FROM {
        return Err(NoDate::BeforeSolarCalendar);
    }
    let day = NaiveDate::from_ymd_opt(year, month, day).ok_or(NoDate::NotDate)?;
    let place = (day.year(), day.month(), day.day());
    // 昭和64年1月8日 was never a day: the era had ended.
    let is_within = place >= era.first && next.is_none_or(|next| place < next.first);
    if is_within { Ok(day) } else { Err(NoDate::NotDate) }
}

/// Year of the era from 1, month and day: `08.10.01`, `8年10月1日`, `元年5月1日`, `081001`.
fn year_month_day(text: &str) -> Option<(i32, u32, u32)> {
    if let Some(found) = compact(text, 2) {
        return (found.0 > 0).then_some(found);
    }
    let mut parts = text.strip_suffix('日').unwrap_or(text).split(['.', '/', '-', '年', '月']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let year = if year == "元" { 1 } else { i32::try_from(one_or_two(year)?).ok()? };
    (year > 0).then_some(())?;
    Some((year, one_or_two(month)?, one_or_two(day)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(form: DateForm, text: &str, expect: Result<&str, NoDate>) {
        assert_eq!(form.read(text).map(|day| day.to_string()), expect.map(str::to_owned), "{text:?}");
    }

    #[test]
    fn each_form_is_read() {
        let not = Err(NoDate::NotDate);
        check(DateForm::Compact, "20240229", Ok("2024-02-29"));
        for wrong in ["20230229", "2024229", "2024-2-9", "", "+2024229", "２０２４０２２９"] {
            check(DateForm::Compact, wrong, not);
        }
        check(DateForm::Slashes, "2026/10/01", Ok("2026-10-01"));
        check(DateForm::Slashes, "2026/1/2", Ok("2026-01-02"));
        for wrong in ["26/10/01", "2026/13/01", "2026/10", "2026/10/01/", "2026-10-01", "2026/+1/01"] {
            check(DateForm::Slashes, wrong, not);
        }
        check(DateForm::Hyphens, "2026-10-01", Ok("2026-10-01"));
    }

    #[test]
    fn eras_begin_and_end_on_their_days() {
        let not = Err(NoDate::NotDate);
        for (text, expect) in [
            ("R08.10.01", Ok("2026-10-01")),
            ("R8.10.1", Ok("2026-10-01")),
            ("R081001", Ok("2026-10-01")),
            ("令和8年10月1日", Ok("2026-10-01")),
            ("令和元年5月1日", Ok("2019-05-01")),
            ("R01.04.30", not),
            ("H31.04.30", Ok("2019-04-30")),
            ("H31.05.01", not),
            ("H01.01.08", Ok("1989-01-08")),
            ("H01.01.07", not),
            ("S64.01.07", Ok("1989-01-07")),
            ("S64.01.08", not),
            ("S65.01.01", not),
            ("S01.12.25", Ok("1926-12-25")),
            ("T15.12.24", Ok("1926-12-24")),
            ("T15.12.25", not),
            ("T01.07.30", Ok("1912-07-30")),
            ("M45.07.29", Ok("1912-07-29")),
            ("M45.07.30", not),
            ("M06.01.01", Ok("1873-01-01")),
            ("M05.12.02", Err(NoDate::BeforeSolarCalendar)),
            ("R00.10.01", not),
            ("R001001", not),
            ("R08.02.29", not),
            ("X08.10.01", not),
            ("08.10.01", not),
            ("R08.10", not),
            ("R08.10.01.01", not),
            ("R008.10.01", not),
            ("", not),
        ] {
            check(DateForm::Wareki, text, expect);
        }
    }

    proptest! {
        #[test]
        fn every_day_is_read_back(n_days in 0..80_000_i64) {
            let day = NaiveDate::from_ymd_opt(1873, 1, 1).unwrap() + chrono::Duration::days(n_days);
            let place = (day.year(), day.month(), day.day());
            let era = ERAS.iter().find(|era| place >= era.first).unwrap();
            let (year, month, dom) = (day.year() - era.first.0 + 1, day.month(), day.day());
            if year < 100 {
                let short = format!("{}{year:02}.{month:02}.{dom:02}", era.letter);
                let long = format!("{}{year}年{month}月{dom}日", era.name);
                prop_assert_eq!(DateForm::Wareki.read(&short), Ok(day), "{}", short);
                prop_assert_eq!(DateForm::Wareki.read(&long), Ok(day), "{}", long);
            }
            prop_assert_eq!(DateForm::Compact.read(&day.format("%Y%m%d").to_string()), Ok(day));
        }
    }
}
