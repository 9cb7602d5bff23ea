//! What one receiver can be given: an encoding, and what becomes of the characters it lacks.

use std::borrow::Cow;

use super::degrade_map::DegradeMap;
use super::encoding::Encoding;
use super::error::{CharacterError, Undecodable};
use super::{control, cp932, cp932_bytes};

/// A field as the receiver will read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical<'t> {
    /// What decoding the written bytes gives. Digests of a feed's state are over this.
    pub text: Cow<'t, str>,
    /// True when a line of the degrade map was used; an alias is no degrading.
    pub is_degraded: bool,
}

/// The character set of a feed.
#[derive(Debug)]
pub struct CharacterSet {
    encoding: Encoding,
    degrade_map: Option<DegradeMap>,
}

impl CharacterSet {
    /// A set with the map for what the encoding lacks. UTF-8 lacks nothing, so a map is never asked there
    /// (and [`DegradeMap::parse`] accepts none for it).
    pub fn new(encoding: Encoding, degrade_map: Option<DegradeMap>) -> Self {
        Self { encoding, degrade_map }
    }

    /// The encoding of the files.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The map for characters that the encoding lacks.
    pub fn degrade_map(&self) -> Option<&DegradeMap> {
        self.degrade_map.as_ref()
    }

    /// The field as a receiver will decode it: aliases as what they stand for, lacking characters by the
    /// degrade map, everything else untouched. Applied to its own result it changes nothing.
    ///
    /// Refuses control characters (C0 with TAB, CR and LF, DEL, C1) in every encoding, and characters
    /// that neither the encoding nor the map has.
    pub fn canonical<'t>(&self, field: &'t str) -> Result<Canonical<'t>, CharacterError> {
        if let Some((char_index, code_point)) = control::find(field) {
            return Err(CharacterError::Control { char_index, code_point });
        }
        match self.encoding {
            Encoding::Cp932 if !cp932_bytes::is_direct(field.as_bytes()) => self.canonical_in_cp932(field),
            Encoding::Utf8 | Encoding::Utf8Bom | Encoding::Cp932 => {
                Ok(Canonical { text: Cow::Borrowed(field), is_degraded: false })
            }
        }
    }

    fn canonical_in_cp932<'t>(&self, field: &'t str) -> Result<Canonical<'t>, CharacterError> {
        let mut text = String::with_capacity(field.len());
        let mut is_degraded = false;
        let mut rest = field;
        while let Some(character) = rest.chars().next() {
            // The map first: its longest line may begin with a character that the encoding has.
            let mapped = self.degrade_map.as_ref().and_then(|map| map.apply(rest));
            let n_bytes = if let Some((n_bytes, to)) = mapped {
                text.push_str(to);
                is_degraded = true;
                n_bytes
            } else if cp932::code_of(character).is_some() {
                text.push(cp932::canonical(character));
                character.len_utf8()
            } else {
                let n_chars_before = field.chars().count() - rest.chars().count();
                return Err(CharacterError::unmappable(field, n_chars_before));
            };
            rest = rest.get(n_bytes..).unwrap_or_default();
        }
        Ok(Canonical { text: Cow::Owned(text), is_degraded })
    }

    /// True when one line (UTF-8, with or without its newline) can be encoded as it stands: it has no
    /// control character but the newline at its end, no alias, and nothing to degrade or refuse. A line that
    /// is not clean is gone through field by field with [`CharacterSet::canonical`].
    ///
    /// The bytes must be UTF-8, which is not checked again; CR or LF within the line is not clean.
    pub fn is_clean(&self, text: &[u8]) -> bool {
        let line = text.strip_suffix(b"\n").map_or(text, |line| line.strip_suffix(b"\r").unwrap_or(line));
        !control::is_in(line)
            && match self.encoding {
                Encoding::Utf8 | Encoding::Utf8Bom => true,
                Encoding::Cp932 => cp932_bytes::is_direct(line),
            }
    }

    /// Appends canonical text in the encoding, newlines and separators included: whole lines at once.
    ///
    /// An alias is refused like a character that has no code, because a receiver would read something else
    /// than was digested. A refused text appends nothing.
    pub fn encode_into(&self, canonical: &str, out: &mut Vec<u8>) -> Result<(), CharacterError> {
        match self.encoding {
            Encoding::Utf8 | Encoding::Utf8Bom => {
                out.extend_from_slice(canonical.as_bytes());
                Ok(())
            }
            Encoding::Cp932 => cp932_bytes::encode_into(canonical, out).map_err(|place| {
                let char_index = canonical.get(..place).unwrap_or_default().chars().count();
                CharacterError::unmappable(canonical, char_index)
            }),
        }
    }

    /// Reads bytes of the encoding strictly: no replacement, no byte order mark taken off, surrogates (CESU)
    /// and overlong forms refused. Control characters come through; [`CharacterSet::canonical`] refuses them.
    pub fn decode<'b>(&self, bytes: &'b [u8]) -> Result<Cow<'b, str>, Undecodable> {
        match self.encoding {
            Encoding::Utf8 | Encoding::Utf8Bom => str::from_utf8(bytes)
                .map(Cow::Borrowed)
                .map_err(|error| Undecodable { offset: error.valid_up_to() }),
            Encoding::Cp932 => cp932_bytes::decode(bytes).map_err(|offset| Undecodable { offset }),
        }
    }
}

#[cfg(test)]
#[path = "character_set_tests.rs"]
mod tests;
