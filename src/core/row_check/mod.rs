//! Checking a row of a data file against its layout: every field, what must hold between fields, its key,
//! and whether it is there or gone.
//!
//! The check is compiled once for a layout and a business date and asked for every row. Issues name
//! columns and rules, never values.

mod checker;
#[cfg(test)]
mod tests;

pub use checker::{RowChecker, RowIssue, RowMark, WRONG_TEXT};
