//! What people are told, as data.

mod alerts;
mod faults;
mod help;
pub(crate) mod reasons;
pub(crate) mod rules;

pub(crate) use alerts::of_alert;
pub use faults::{Both, FaultText, all_faults, of_fault};
pub(crate) use help::in_language;
