//! CSV files: how their lines end and which fields are quoted.

mod format;

pub use format::{Newline, Quote};
