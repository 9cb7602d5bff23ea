//! Strict CSV of exchange files: what the hub writes, and what it takes.
//!
//! Everything here works on bytes. That is safe for UTF-8 and for CP932, whose second bytes are 40–7E and
//! 80–FC: none of them is a quotation mark, a comma, CR, LF or NUL.
//!
//! One record is one line. A line break inside a field is refused, so an open quotation mark costs its own
//! line and not the rest of the file.

mod block;
mod form;
mod issue;
mod reader;
mod record;
mod split;
mod writer;

#[cfg(test)]
mod hostile;

pub use block::{BlockRecords, Line};
pub use form::{Accept, Limits, Newline, Quote};
pub use issue::{Issue, ReadError, Rule};
pub use reader::RecordReader;
pub use record::{FieldPlace, Record};
pub use writer::{NeedsQuotes, write_field, write_record};
