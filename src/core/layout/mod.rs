//! Layouts (レイアウト): which columns a file has, in which order, under which names and in which format.
//!
//! A file under `layouts/` is read as it stands into [`RawLayout`] and checked into [`Layout`], which
//! cannot be wrong: whoever holds one need not ask whether an item exists or a key column is missing.
//!
//! One kind of layout serves both directions. What the hub gives is made of items and selects rows of the
//! registry; what it receives (`rows = "received"`) may have columns of its own, a key of its own, and rules
//! between columns.

mod check;
mod columns;
mod field;
mod file_format;
mod key;
mod raw;
mod raw_column;
mod raw_rule;
#[cfg(test)]
mod received_tests;
mod rules;
#[cfg(test)]
mod tests;
mod types;

pub use file_format::{FileFormat, FileOverrides, HeaderRow};
pub use raw::{RawLayout, RawRemoval};
pub use raw_column::{RawColumn, RawContent, RawField, RawPresence};
pub use raw_rule::{RawCondition, RawOrder, RawRule, RawThen, RawWhen};
pub use types::{
    Column, Condition, Content, CrossCheck, CrossRule, ItemOverrides, Layout, Removal, Rows, Test,
};
