//! The encodings a file can have.

/// How the characters of a file become bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8 without byte order mark.
    Utf8,
    /// UTF-8 with byte order mark.
    Utf8Bom,
    /// CP932 (Windows Shift_JIS).
    Cp932,
}

impl Encoding {
    /// The word in declarations and notices.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf8Bom => "utf-8-bom",
            Self::Cp932 => "cp932",
        }
    }

    /// Reads [`Encoding::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Utf8, Self::Utf8Bom, Self::Cp932].into_iter().find(|encoding| encoding.as_str() == text)
    }
}
