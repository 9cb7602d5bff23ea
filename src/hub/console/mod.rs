//! The one place that prints: data to standard output, talk to standard error, in one of two languages.

mod failure_text;
mod lang;
mod output;
mod quantity;
mod text_table;

pub use lang::Lang;
pub use output::Console;
pub(crate) use quantity::bytes_text;
pub use text_table::TextTable;
