//! How a layout's files are written: encoding, line end, quotes and header row.

use crate::csv_file::{Newline, Quote};
use crate::declared::Table;
use crate::text::Encoding;

/// What stands in the first line of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HeaderRow {
    /// Japanese item names.
    Japanese,
    /// Romaji item ids.
    Romaji,
    /// The first data row.
    None,
}

impl HeaderRow {
    /// The word in declarations and notices.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Japanese => "ja",
            Self::Romaji => "romaji",
            Self::None => "none",
        }
    }

    /// Reads [`HeaderRow::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Japanese, Self::Romaji, Self::None].into_iter().find(|header| header.as_str() == text)
    }
}

/// How files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileFormat {
    /// How characters become bytes.
    pub encoding: Encoding,
    /// How lines end.
    pub newline: Newline,
    /// Which fields stand in quotes.
    pub quote: Quote,
    /// What the first line is.
    pub header: HeaderRow,
}

impl Default for FileFormat {
    /// What holds unless declared (`design.md`, On disk).
    fn default() -> Self {
        Self {
            encoding: Encoding::Utf8,
            newline: Newline::CrLf,
            quote: Quote::Always,
            header: HeaderRow::Japanese,
        }
    }
}

/// What a declaration says about files; what it leaves out stays as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileOverrides {
    /// `encoding`.
    pub encoding: Option<Encoding>,
    /// `newline`.
    pub newline: Option<Newline>,
    /// `quote`.
    pub quote: Option<Quote>,
    /// `header`.
    pub header: Option<HeaderRow>,
}

impl FileOverrides {
    /// Takes the four keys out of a table that may have others.
    pub fn take(table: &mut Table<'_>) -> Self {
        const ENCODINGS: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf8Bom, Encoding::Cp932];
        const NEWLINES: [Newline; 2] = [Newline::CrLf, Newline::Lf];
        const QUOTES: [Quote; 3] = [Quote::Always, Quote::Needed, Quote::Never];
        const HEADERS: [HeaderRow; 3] = [HeaderRow::Japanese, HeaderRow::Romaji, HeaderRow::None];
        let mut word = |key| table.optional(key);
        Self {
            encoding: word("encoding").and_then(|v| v.one_of(&ENCODINGS.map(|e| (e.as_str(), e)))),
            newline: word("newline").and_then(|v| v.one_of(&NEWLINES.map(|n| (n.as_str(), n)))),
            quote: word("quote").and_then(|v| v.one_of(&QUOTES.map(|q| (q.as_str(), q)))),
            header: word("header").and_then(|v| v.one_of(&HEADERS.map(|h| (h.as_str(), h)))),
        }
    }

    /// `base` with what was declared here put over it.
    pub fn over(self, base: FileFormat) -> FileFormat {
        FileFormat {
            encoding: self.encoding.unwrap_or(base.encoding),
            newline: self.newline.unwrap_or(base.newline),
            quote: self.quote.unwrap_or(base.quote),
            header: self.header.unwrap_or(base.header),
        }
    }
}
