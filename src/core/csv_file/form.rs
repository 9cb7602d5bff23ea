//! The declared form of a CSV file: when fields are quoted, how lines end, how large a record may be.

use std::fmt;

/// When a field stands in quotation marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quote {
    /// Every field.
    Always,
    /// A field that has a quotation mark, comma, CR or LF, or that begins or ends with a space.
    Needed,
    /// No field; one that would need it cannot be written.
    Never,
}

impl Quote {
    /// The word in layouts and notices.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Needed => "needed",
            Self::Never => "never",
        }
    }

    /// Reads [`Quote::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Always, Self::Needed, Self::Never].into_iter().find(|quote| quote.as_str() == text)
    }
}

impl fmt::Display for Quote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a record ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Newline {
    /// CR LF.
    CrLf,
    /// LF alone.
    Lf,
}

impl Newline {
    /// The word in layouts and notices.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CrLf => "crlf",
            Self::Lf => "lf",
        }
    }

    /// Reads [`Newline::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::CrLf, Self::Lf].into_iter().find(|newline| newline.as_str() == text)
    }

    /// The bytes in the file; the same in every encoding a file may have.
    pub const fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::CrLf => b"\r\n",
            Self::Lf => b"\n",
        }
    }
}

impl fmt::Display for Newline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a reader takes. The default takes both newlines, also mixed, and fields quoted or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accept {
    /// The one newline every record must end with; `None` takes either.
    pub newline: Option<Newline>,
    /// [`Quote::Always`] refuses a bare field, [`Quote::Never`] a quoted one. [`Quote::Needed`] takes both
    /// like `None`, because quoting what did not need it changes no value.
    pub quote: Option<Quote>,
}

/// How much one record may be, so that no file can make the reader's memory grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one record without its newline.
    pub record_bytes: usize,
    /// Columns of one record.
    pub columns: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { record_bytes: 1 << 20, columns: 4_096 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_what_they_print() {
        for quote in [Quote::Always, Quote::Needed, Quote::Never] {
            assert_eq!(Quote::parse(&quote.to_string()), Some(quote));
        }
        for newline in [Newline::CrLf, Newline::Lf] {
            assert_eq!(Newline::parse(&newline.to_string()), Some(newline));
        }
        assert_eq!((Quote::parse("Always"), Newline::parse("cr")), (None, None));
    }
}
