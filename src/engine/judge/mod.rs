//! Judging a data file: every byte hashed, every line split and decoded strictly, every field of every row
//! checked, keys told apart, rows digested; all in one pass and in memory that does not grow with the file,
//! apart from some twenty bytes a row where keys may come in any order.
//!
//! One thread reads, hashes and cuts the file into blocks of whole lines; others judge blocks; the caller's
//! takes them in file order, so the outcome does not depend on how fast any of them is.

mod batch;
pub(crate) mod block;
mod desk;
mod file;
#[cfg(test)]
mod fixtures;
mod key_order;
mod key_set;
mod line_issue;
#[cfg(test)]
mod tests;

pub use batch::{JudgedBatch, JudgedLine, JudgedRow};
pub use file::{FileJudge, JudgedFile};
pub use key_order::{KeyIssue, KeyOrder};
pub use line_issue::LineIssue;
