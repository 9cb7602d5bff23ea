//! The encodings a file may have.

use std::fmt;

use super::{control, cp932};

/// How a file's text becomes bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8 without a byte order mark.
    Utf8,
    /// UTF-8 with a byte order mark at the start of the file.
    Utf8Bom,
    /// CP932 (Windows-31J): see [`cp932`].
    Cp932,
}

impl Encoding {
    /// The word in layouts and notices.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf8Bom => "utf-8-bom",
            Self::Cp932 => "cp932",
        }
    }

    /// Reads [`Encoding::as_str`] in upper or lower case, and `windows-31j` and `ms932` for CP932. Not
    /// `shift_jis`: that name means different sets to different programs.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "utf-8" => Self::Utf8,
            "utf-8-bom" => Self::Utf8Bom,
            "cp932" | "windows-31j" | "ms932" => Self::Cp932,
            _ => return None,
        })
    }

    /// The bytes a file begins with before its first record.
    pub const fn byte_order_mark(self) -> &'static [u8] {
        match self {
            Self::Utf8Bom => b"\xEF\xBB\xBF",
            Self::Utf8 | Self::Cp932 => b"",
        }
    }

    /// True when a field may have this character: the encoding has a code for it, by itself or as the
    /// character it is an alias of, and it is no control character.
    pub fn has(self, character: char) -> bool {
        !control::is_control(character)
            && match self {
                Self::Utf8 | Self::Utf8Bom => true,
                Self::Cp932 => cp932::code_of(character).is_some(),
            }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case() {
        for (text, expect) in [
            ("utf-8", Some(Encoding::Utf8)),
            ("UTF-8-BOM", Some(Encoding::Utf8Bom)),
            ("CP932", Some(Encoding::Cp932)),
            ("Windows-31J", Some(Encoding::Cp932)),
            ("MS932", Some(Encoding::Cp932)),
            ("shift_jis", None),
            ("utf8", None),
            ("", None),
        ] {
            assert_eq!(Encoding::parse(text), expect, "{text}");
        }
        for encoding in [Encoding::Utf8, Encoding::Utf8Bom, Encoding::Cp932] {
            assert_eq!(Encoding::parse(encoding.as_str()), Some(encoding));
        }
    }
}
