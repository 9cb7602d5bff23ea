//! Schedules (起動予定): which slots a job has, what becomes of those that were missed, and when none may start.
//!
//! A slot is a job, a business date and a planned time. Everything here is pure: `now` is an argument, and
//! the keeper of a job's slots asks [`keeper::look`] what its next step is.

mod catch_up;
mod cron;
mod cron_error;
mod cron_field;
#[cfg(test)]
mod cron_oracle;
mod day_plan;
mod day_rule;
mod days;
mod due;
pub mod keeper;
#[cfg(test)]
mod model_tests;
mod read;
mod service_time;
mod stop;
#[cfg(test)]
mod tests;
mod types;
mod zone;

pub use catch_up::{Accounted, CatchUp, CatchUpRule, GRACE, Missed, Verdict, account, account_through};
pub use cron::Cron;
pub use cron_error::CronError;
pub use day_plan::{DayPlan, WhyNot};
pub use day_rule::DayRule;
pub use due::Due;
pub use service_time::{ServiceTime, ServiceTimeError};
pub use stop::{StopWindow, StopWindows};
pub use types::Schedule;
