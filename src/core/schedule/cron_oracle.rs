//! Cron expressions compared with `croner`, another reading of POSIX cron, and texts of all kinds that must
//! not make the parsers panic.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;

use super::cron::Cron;
use super::{DayRule, Due, Schedule};
use crate::Moment;
use crate::calendar::{Calendars, MonthDay, MonthDays};
use crate::declared::{Declaration, Problems, duration};

const MONTHS: [&str; 12] =
    ["jan", "FEB", "mar", "apr", "May", "jun", "jul", "aug", "sep", "oct", "nov", "DEC"];
const WEEK: [&str; 7] = ["sun", "mon", "TUE", "wed", "Thu", "fri", "sat"];

/// One item of a field between `from` and `through`: a number, a name, a range, a step.
fn item(from: u32, through: u32, names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let value = from..=through;
    let shown = move |value: u32, by_name: bool| match names.get((value - from) as usize) {
        Some(name) if by_name => (*name).to_owned(),
        _ => value.to_string(),
    };
    prop_oneof![
        4 => (value.clone(), any::<bool>()).prop_map(move |(value, by_name)| shown(value, by_name)),
        2 => (value.clone(), value.clone(), any::<bool>()).prop_map(move |(one, other, by_name)| {
            format!("{}-{}", shown(one.min(other), by_name), shown(one.max(other), by_name))
        }),
        1 => (value.clone(), value, 1_u32..8)
            .prop_map(|(one, other, step)| format!("{}-{}/{step}", one.min(other), one.max(other))),
        1 => (1_u32..10).prop_map(|step| format!("*/{step}")),
    ]
}

fn field(from: u32, through: u32, names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let list = proptest::collection::vec(item(from, through, names), 1..4).prop_map(|items| items.join(","));
    prop_oneof![2 => Just("*".to_owned()), 3 => list]
}

fn expression() -> impl Strategy<Value = String> {
    let fields =
        (field(0, 59, &[]), field(0, 23, &[]), field(1, 31, &[]), field(1, 12, &MONTHS), field(0, 6, &WEEK));
    fields.prop_map(|(minute, hour, day, month, week)| format!("{minute} {hour} {day} {month} {week}"))
}

fn ours(text: &str, after: DateTime<Utc>, n: usize) -> Vec<DateTime<Utc>> {
    let problems = Problems::new();
    let toml = format!("cron = {text:?}\nzone = \"Etc/UTC\"\n");
    let table = Declaration::parse("a.toml", &toml, &problems).unwrap();
    let schedule = Schedule::read(table, &Calendars::default(), &problems).unwrap();
    let nine = chrono::Duration::hours(9);
    let dues: Vec<Due> = schedule.next_after(Moment::at(after.naive_utc() + nine), n);
    dues.into_iter().map(|due| (due.planned.local() - nine).and_utc()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn croner_reads_the_same(text in expression(), days in 0_i64..3000, seconds in 0_i64..86_400) {
        // What is refused here (days that programs differ about, or that never come) has its own table.
        prop_assume!(text.parse::<Cron>().is_ok());
        // For croner the second Sunday is that of the week's end, and the range the whole week.
        prop_assume!(!text.contains("sun-sun"));
        let other: croner::Cron = text.parse().unwrap();
        let after = DateTime::from_timestamp(1_700_000_000 + days * 86_400 + seconds, 0).unwrap();
        let mut expected = Vec::new();
        let mut last = after;
        while expected.len() < 12 {
            last = other.find_next_occurrence(&last, false).unwrap();
            expected.push(last);
        }
        prop_assert_eq!(ours(&text, after, expected.len()), expected, "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(
        text in prop_oneof![
            "\\PC{0,40}",
            "[0-9*,/a-zA-Z#?LW -]{0,40}",
            "([0-9]{1,3}|\\*|[a-z]{3})([-/,][0-9*]{1,4}){0,3}( ([0-9]{1,3}|\\*)([-/,][0-9]{1,4}){0,2}){4,5}",
            "(first|last|open|day|monday) ?(-?[0-9]{1,3})? ?(open day)? of (month|[0-9]{1,3})",
            "[0-9]{1,2}-[0-9]{1,2}(\\.\\.[0-9]{1,2}-[0-9]{1,2})?",
            "[0-9]{1,25}[smhd]",
        ],
        key in select(vec!["cron", "every", "at", "days", "between", "zone", "on"]),
    ) {
        if let Ok(cron) = text.parse::<Cron>() {
            prop_assert!(!cron.seconds().is_empty());
            prop_assert!(cron.seconds().windows(2).all(|pair| pair[0] < pair[1]));
            let again: Cron = cron.to_string().parse().unwrap();
            prop_assert_eq!(again.seconds(), cron.seconds());
            let days = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap().iter_days().take(1500);
            prop_assert!(days.filter(|day| cron.is_on(*day)).count() > 0, "{}", text);
        }
        if let Ok(rule) = text.parse::<DayRule>() {
            prop_assert_eq!(rule.to_string().parse::<DayRule>(), Ok(rule));
        }
        if let Ok(days) = text.parse::<MonthDays>() {
            prop_assert!(days.contain(days.from.in_year(2028).unwrap()));
        }
        if let Ok(day) = text.parse::<MonthDay>() {
            prop_assert_eq!(day.to_string(), text.clone());
        }
        if let Some(length) = duration::parse(&text) {
            prop_assert_eq!(duration::parse(&duration::text(length)), Some(length));
        }
        let problems = Problems::new();
        let toml = format!("at = \"9:00\"\n{key} = {text:?}\n");
        let toml = toml.strip_prefix("at = \"9:00\"\n").filter(|_| key == "at").unwrap_or(&toml);
        if let Some(table) = Declaration::parse("a.toml", toml, &problems) {
            let read = Schedule::read(table, &Calendars::default(), &problems);
            prop_assert_eq!(read.is_some(), problems.is_empty());
        }
    }
}

#[test]
fn the_generator_reaches_every_form() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let texts: BTreeSet<String> =
        (0..300).map(|_| expression().new_tree(&mut runner).unwrap().current()).collect();
    let n_read = texts.iter().filter(|text| text.parse::<Cron>().is_ok()).count();
    assert!(n_read * 2 > texts.len(), "{n_read} of {}", texts.len());
    assert!(texts.iter().any(|text| text.contains('/')) && texts.iter().any(|text| text.contains("DEC")));
}
