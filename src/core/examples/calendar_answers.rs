//! Answers questions about schedules and calendars, one JSON object a line on standard input, so that a script
//! can compare the answers with other programs'. `scripts/compare-calendars` is the one that asks.
//!
//! `{"cron": "30 21 * * 1-5", "after": "2026-01-01T00:00:00", "n": 5}` answers a list of times, or the words
//! of the refusal; `{"holidays": 2026}` answers a list of [date, kind, name].

use std::error::Error;
use std::io::{BufRead as _, Write as _};

use chrono::NaiveDate;
use renkei_core::Moment;
use renkei_core::calendar::{CalendarFile, Calendars};
use renkei_core::declared::{Declaration, Problems};
use renkei_core::schedule::Schedule;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let problems = Problems::new();
    let text = include_str!("../../../jobs/calendars/holidays.toml");
    let file = CalendarFile { name: "holidays.toml", id: "holidays", text };
    let calendars = Calendars::read(&[file], &problems);
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        let answer = match question.get("holidays").and_then(Value::as_i64) {
            Some(year) => holidays(&calendars, i32::try_from(year)?),
            None => cron(&question).ok_or("neither cron nor holidays")?,
        };
        writeln!(out, "{answer}")?;
    }
    Ok(())
}

fn holidays(calendars: &Calendars, year: i32) -> Value {
    let days = NaiveDate::from_ymd_opt(year, 1, 1).zip(NaiveDate::from_ymd_opt(year, 12, 31));
    let found =
        calendars.holidays("holidays").zip(days).into_iter().flat_map(|(holidays, (from, through))| {
            let days = holidays.between(from, through);
            days.map(|(day, holiday)| json!([day.to_string(), format!("{:?}", holiday.kind), holiday.name]))
                .collect::<Vec<_>>()
        });
    found.collect()
}

fn cron(question: &Value) -> Option<Value> {
    let text = question.get("cron")?.as_str()?;
    let after = Moment::parse(question.get("after")?.as_str()?)?;
    let n = usize::try_from(question.get("n")?.as_u64()?).ok()?;
    let problems = Problems::new();
    let toml = format!("cron = {text:?}\n");
    let table = Declaration::parse("cron", &toml, &problems)?;
    let Some(schedule) = Schedule::read(table, &Calendars::default(), &problems) else {
        let words: Vec<String> = problems.into_sorted().into_iter().map(|problem| problem.message).collect();
        return Some(json!({ "refused": words.join("; ") }));
    };
    let dues = schedule.next_after(after, n);
    Some(dues.iter().map(|due| due.planned.local().format("%Y-%m-%dT%H:%M:%S").to_string()).collect())
}
