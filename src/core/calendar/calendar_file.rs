//! `jobs/calendars/<name>.toml`: an office's own days.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;

use super::days::Calendar;
use super::holiday_file::dates;
use super::holidays::Holidays;
use super::month_day::MonthDays;
use super::weekday::WEEKDAYS;
use crate::declared::{Problems, Table, Value, did_you_mean};

/// The longest range of days in a list, in days: a longer one is a slip in the year.
const MAX_RANGE_DAYS: i64 = 366;

/// Reads a file of `kind = "calendar"`, which the caller has taken out. `holidays` are the holiday files by
/// name; one that has problems of its own is there as `None`.
pub(super) fn read(
    id: &str,
    mut table: Table<'_>,
    holidays: &BTreeMap<String, Option<Arc<Holidays>>>,
    problems: &Problems,
) -> Option<Calendar> {
    let name = table.required("name").and_then(Value::text);
    let weekly = table.optional("closed_weekdays").map_or_else(|| Some(Vec::new()), weekdays);
    let yearly = table
        .optional("closed_every_year")
        .map_or_else(|| Some(Vec::new()), Value::list_of::<YearlyDays>)
        .map(|days| days.into_iter().map(|days| days.value.0).collect());
    let kept = match table.optional("holidays") {
        None => Some(None),
        Some(value) => {
            let spot = value.spot().clone();
            value.text().and_then(|name| {
                if let Some(found) = holidays.get(&name) {
                    return found.clone().map(Some);
                }
                let hint = did_you_mean(&name, holidays.keys().map(String::as_str));
                let message = format!("no file jobs/calendars/{name}.toml of kind \"holidays\"");
                problems.report_with(&spot, message, hint);
                None
            })
        }
    };
    let open_spot = table.spot_of("open");
    let closed = table.optional("closed").map_or_else(|| Some(Vec::new()), |value| days(value, problems));
    let open = table.optional("open").map_or_else(|| Some(Vec::new()), |value| dates(value, problems));
    let known_through = table.optional("known_through").map(Value::date);
    table.finish();
    if let (Some(closed), Some(open)) = (&closed, &open) {
        for day in open.iter().filter(|day| closed.contains(day)) {
            problems.report(&open_spot, format!("{day} is listed as closed too"));
        }
    }
    let known_through = match known_through {
        None => None,
        Some(date) => Some(date?),
    };
    Some(Calendar {
        id: id.to_owned(),
        name: name?,
        weekly: weekly?,
        yearly: yearly?,
        closed: closed?.into_iter().collect::<BTreeSet<_>>(),
        open: open?.into_iter().collect(),
        holidays: kept?,
        known_through,
    })
}

fn weekdays(value: Value<'_>) -> Option<Vec<chrono::Weekday>> {
    let read: Vec<Option<chrono::Weekday>> =
        value.one_or_more()?.into_iter().map(|value| value.one_of(&WEEKDAYS)).collect();
    read.into_iter().collect()
}

/// [`MonthDays`] with the words of a whole range where its text is wrong.
struct YearlyDays(MonthDays);

impl std::str::FromStr for YearlyDays {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| {
            format!("must be a day or days of every year, such as \"12-29..01-03\", not {text:?}")
        })
    }
}

/// Dates, and ranges of dates as text: `[2027-02-12, "2027-05-06..2027-05-07"]`.
fn days(value: Value<'_>, problems: &Problems) -> Option<Vec<NaiveDate>> {
    let read: Vec<Option<Vec<NaiveDate>>> = value
        .one_or_more()?
        .into_iter()
        .map(|value| if value.is_text() { range(value, problems) } else { value.date().map(|day| vec![day]) })
        .collect();
    Some(read.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
}

fn range(value: Value<'_>, problems: &Problems) -> Option<Vec<NaiveDate>> {
    let spot = value.spot().clone();
    let text = value.text()?;
    let ends = text.split_once("..").and_then(|(from, through)| {
        let day = |text: &str| (text.len() == 10).then(|| text.parse::<NaiveDate>().ok())?;
        day(from)
            .zip(day(through))
            .filter(|(from, through)| (0..MAX_RANGE_DAYS).contains(&(*through - *from).num_days()))
    });
    let Some((from, through)) = ends else {
        let message = format!(
            "must be dates without quotes, or a range of at most {MAX_RANGE_DAYS} days such as \"2027-05-06..2027-05-07\", not {text:?}"
        );
        problems.report(&spot, message);
        return None;
    };
    Some(from.iter_days().take_while(|day| *day <= through).collect())
}
