//! What people are told, as data.

mod faults;
mod help;

pub use faults::{Both, FaultText, all_faults, of_fault};
pub(crate) use help::in_language;
