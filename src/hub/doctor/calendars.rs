//! Whether a calendar still has days to decide by.

use chrono::NaiveDate;

use super::finding::{Finding, Level, Words};

/// National holidays of a year are fixed in February of the year before, so there is time to add them.
const WARNING_DAYS: i64 = 90;
const PROBLEM_DAYS: i64 = 14;

/// What to say of a calendar that knows days through `known_through`.
pub fn calendar_ending(calendar: &str, known_through: NaiveDate, today: NaiveDate) -> Finding {
    let n_days = (known_through - today).num_days();
    let words = Words::new(
        format!("カレンダーは {known_through} まであります"),
        format!("the calendar knows days through {known_through}"),
    );
    let level = match n_days {
        ..PROBLEM_DAYS => Level::Problem,
        PROBLEM_DAYS..WARNING_DAYS => Level::Warning,
        _ => return Finding::ok("calendar", calendar, words),
    };
    let remedy = Words::new(
        "先の年の休日を加えてください。その日より後の予定は決められません。",
        "Add the days of the years to come: after that day no slot can be decided.",
    );
    Finding::new("calendar", level, calendar, words).with_remedy(remedy)
}
