//! `jobs/calendars/holidays.toml`: the rules of the national holidays, as data.

use chrono::{Datelike as _, NaiveDate};

use super::holidays::{HolidayDay, HolidayRule, Holidays};
use super::month_day::MonthDay;
use super::weekday::weekday_named;
use crate::declared::{Problems, Spot, Table, Value};

/// Years that declarations may name.
const YEARS: std::ops::RangeInclusive<u64> = 1949..=2200;

/// Reads a file of `kind = "holidays"`, which the caller has taken out.
pub(super) fn read(mut table: Table<'_>, problems: &Problems) -> Option<Holidays> {
    let last_spot = table.spot_of("last_year");
    let first_year = table.required("first_year").and_then(year);
    let last_year = table.required("last_year").and_then(year);
    let tables = table.required("holiday").and_then(Value::tables);
    table.finish();
    let years = match (first_year, last_year) {
        (Some(first), Some(last)) if first > last => {
            problems.report(&last_spot, format!("is before first_year, {first}"));
            None
        }
        (Some(first), Some(last)) => Some((first, last)),
        _ => None,
    };
    // Collected twice: the first error must not hide the others.
    let rules: Vec<Option<HolidayRule>> =
        tables?.into_iter().map(|table| rule(table, years, problems)).collect();
    let rules: Vec<HolidayRule> = rules.into_iter().collect::<Option<_>>()?;
    let (first, last) = years?;
    let known_from = NaiveDate::from_ymd_opt(first, 1, 1)?;
    Some(Holidays::expand(&rules, known_from, NaiveDate::from_ymd_opt(last, 12, 31)?))
}

fn year(value: Value<'_>) -> Option<i32> {
    value.integer_in(YEARS).and_then(|year| i32::try_from(year).ok())
}

fn rule(mut table: Table<'_>, years: Option<(i32, i32)>, problems: &Problems) -> Option<HolidayRule> {
    let name = table.required("name").and_then(Value::text);
    let name_en = table.required("name_en").and_then(Value::text);
    let (table_spot, on_spot, days_spot) = (table.spot().clone(), table.spot_of("on"), table.spot_of("days"));
    let on = table.optional("on").map(Value::text);
    let days = table.optional("days").map(|value| dates(value, problems));
    let first = table.optional("first_year").map_or(Some(i32::MIN), year);
    let last = table.optional("last_year").map_or(Some(i32::MAX), year);
    let instead = table.optional("instead").map_or_else(|| Some(Vec::new()), |value| dates(value, problems));
    table.finish();
    let day = match (on, days) {
        (Some(on), None) => on.and_then(|text| day(&text, &on_spot, problems)),
        (None, Some(days)) => days.map(HolidayDay::Listed),
        (Some(_), Some(_)) => {
            problems.report(&days_spot, "both on and days; a holiday is set by one of them");
            None
        }
        (None, None) => {
            problems.report(&table_spot, "on or days is missing");
            None
        }
    };
    if let (Some(HolidayDay::Listed(days)), Some((from, through)), Some(first), Some(last)) =
        (&day, years, first, last)
    {
        let missing =
            (from.max(first)..=through.min(last)).find(|year| !days.iter().any(|day| day.year() == *year));
        if let Some(missing) = missing {
            problems.report_with(
                &days_spot,
                format!("no day for {missing}"),
                "add it, or end the data before it by last_year".to_owned(),
            );
        }
    }
    Some(HolidayRule {
        name: name?,
        name_en: name_en?,
        day: day?,
        first_year: first?,
        last_year: last?,
        instead: instead?,
    })
}

/// `01-01`, or `monday 2 of 01`.
fn day(text: &str, spot: &Spot, problems: &Problems) -> Option<HolidayDay> {
    if let Ok(day) = text.parse::<MonthDay>() {
        return Some(HolidayDay::Fixed(day));
    }
    let words: Vec<&str> = text.split(' ').collect();
    let nth_weekday = match words.as_slice() {
        [weekday, nth, "of", month] => weekday_named(weekday)
            .zip(nth.parse().ok().filter(|nth| (1..=5).contains(nth)))
            .zip(month.parse().ok().filter(|month| (1..=12).contains(month)))
            .map(|((weekday, nth), month)| HolidayDay::NthWeekday { month, weekday, nth }),
        _ => None,
    };
    if nth_weekday.is_none() {
        let hint = "such as \"05-03\", or \"monday 2 of 01\" for the second Monday of January".to_owned();
        problems.report_with(spot, format!("{text:?} is no day of the year"), hint);
    }
    nth_weekday
}

/// A list of dates; each that is none, or is named twice, is reported.
pub(super) fn dates(value: Value<'_>, problems: &Problems) -> Option<Vec<NaiveDate>> {
    let mut read = Vec::new();
    let mut all_read = true;
    for value in value.one_or_more()? {
        let spot = value.spot().clone();
        let Some(date) = value.date() else {
            all_read = false;
            continue;
        };
        if read.contains(&date) {
            problems.report(&spot, format!("{date} is named twice"));
        }
        read.push(date);
    }
    all_read.then_some(read)
}
