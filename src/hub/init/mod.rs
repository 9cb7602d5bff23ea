//! Making a hub's folder: a working set with comments, from the same files the tests read.

mod errors;
mod files;
mod key;
#[cfg(test)]
mod tests;

pub use errors::InitError;
pub use files::{Made, NewHub, init};
pub(crate) use files::{shipped_calendars, shipped_layouts};
