//! What people are told, as data.

mod faults;

pub use faults::{Both, FaultText, all_faults, of_fault};
