//! Calendars (開庁日・閉庁日): which days an office is open, and why not on the others.
//!
//! National holidays are data, `jobs/calendars/holidays.toml`, with the rules of 国民の祝日に関する法律 for
//! substitute and citizens' holidays computed here; an office's closed days are a calendar of their own that
//! names the holidays it keeps. All are read from the hub's folder, so that an office corrects them without
//! a new release. A calendar knows its days only as far as its data go, and says so.

mod calendar_file;
mod calendars;
mod closed;
mod days;
mod holiday_file;
mod holidays;
mod month_day;
#[cfg(test)]
mod tests;
mod weekday;

pub use calendars::{CalendarFile, Calendars};
pub use closed::Closed;
pub use days::{Calendar, Shift};
pub use holidays::{Holiday, HolidayKind, Holidays};
pub use month_day::{MonthDay, MonthDays};
pub(crate) use weekday::{WEEKDAYS, weekday_named};
