//! Layouts (レイアウト): which columns a file has, in which order, under which names and in which format.
//!
//! A file under `layouts/` is read as it stands into [`RawLayout`] and checked into [`Layout`], which
//! cannot be wrong: whoever holds one need not ask whether an item exists or a key column is missing.

mod check;
mod columns;
mod file_format;
mod raw;
#[cfg(test)]
mod tests;
mod types;

pub use file_format::{FileFormat, FileOverrides, HeaderRow};
pub use raw::{RawColumn, RawContent, RawLayout, RawRemoval};
pub use types::{Column, Condition, Content, Layout, Removal};
