//! Mappings (読替定義): how any CSV, or any file of records of fixed length, is taken in as if it were written in one of
//! our layouts.
//!
//! A file under `layouts/mappings/` says for each column of a layout where its value comes from and how it
//! is turned over. It is checked against the layout like any declaration. What it does not say is not
//! guessed at: a source column that is neither mapped nor ignored stops the file at its header, a value that
//! cannot be turned over is an issue of its row, and a value that is left out by rule is a warning.

mod check;
mod column;
mod date;
mod fixed;
#[cfg(test)]
mod fixed_tests;
mod header;
mod raw;
mod reader;
#[cfg(test)]
mod tests;

pub use column::{CodeWord, Conversion, MappedColumn, Otherwise, SourceColumn};
pub use date::DateForm;
pub use fixed::{Ending, FixedForm};
pub use header::HeaderProblem;
pub use raw::{RawCodes, RawMappedColumn, RawMapping, RawSource};
pub use reader::{MappedError, MappedReader, MappedRow};

use std::sync::Arc;

use crate::csv_file::Accept;
use crate::ids::Digest;
use crate::layout::Layout;
use crate::text::Encoding;

/// A mapping that was checked; only [`Mapping::read`] makes one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Mapping {
    /// What it is called.
    pub name: String,
    /// The layout its rows are taken in as.
    pub layout: Arc<Layout>,
    /// How the source is written.
    pub source: SourceForm,
    /// Where records have a fixed length: of what columns. Then there is no header row.
    pub fixed: Option<FixedForm>,
    /// Where each column of the layout comes from; as many as the layout has.
    pub columns: Vec<MappedColumn>,
    /// Source columns that are left out.
    pub ignored: Vec<SourceColumn>,
    /// SHA-256 of the declaration's text.
    pub sha256: Digest,
}

/// How a source file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceForm {
    /// How its bytes are read. A byte order mark may stand before UTF-8 of either name.
    pub encoding: Encoding,
    /// The newline and quoting it must have; any where it does not say.
    pub accept: Accept,
    /// The number of columns of a file without a header row; `None` where the first row has names.
    pub n_columns: Option<usize>,
}
