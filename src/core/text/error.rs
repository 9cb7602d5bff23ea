//! What can be wrong with text and bytes. A character is shown by its code points, its field never.

use std::fmt;

use crate::{Class, Fault};

/// A field that cannot be given to the receiver as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CharacterError {
    /// The receiver's set lacks a character and the degrade map has no line for it.
    #[error("no code for {}", CodePoints(code_points))]
    Unmappable {
        /// Where in the field, in characters from 0.
        char_index: usize,
        /// The character, with the marks and variation selectors that follow it, or with the character
        /// that it follows when it is a mark itself.
        code_points: Vec<u32>,
    },
    /// C0, DEL or C1 within a field.
    #[error("control character {}", CodePoints(&[*code_point]))]
    Control {
        /// Where in the field, in characters from 0.
        char_index: usize,
        /// The character.
        code_point: u32,
    },
}

impl CharacterError {
    /// The rule that is broken, as a word for reports.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Unmappable { .. } => "unmappable",
            Self::Control { .. } => "control-character",
        }
    }

    /// Where in the field, in characters from 0.
    pub const fn char_index(&self) -> usize {
        match self {
            Self::Unmappable { char_index, .. } | Self::Control { char_index, .. } => *char_index,
        }
    }

    /// The error for the character of `text` at `char_index`.
    pub(super) fn unmappable(text: &str, char_index: usize) -> Self {
        let characters: Vec<char> = text.chars().collect();
        let is_mark_at = |at: usize| characters.get(at).copied().is_some_and(is_mark);
        let mut first = char_index;
        while first > 0 && is_mark_at(first) {
            first -= 1;
        }
        let n_marks = (char_index + 1..characters.len()).take_while(|at| is_mark_at(*at)).count();
        let sequence = characters.get(first..=char_index + n_marks).unwrap_or_default();
        Self::Unmappable { char_index: first, code_points: sequence.iter().copied().map(u32::from).collect() }
    }
}

impl Fault for CharacterError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unmappable { .. } => "text.unmappable",
            Self::Control { .. } => "text.control-character",
        }
    }

    fn class(&self) -> Class {
        Class::Operator
    }
}

/// Bytes that are no text of their encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset} begins no character of the encoding")]
pub struct Undecodable {
    /// The first byte of what is no character, from 0.
    pub offset: usize,
}

impl Fault for Undecodable {
    fn code(&self) -> &'static str {
        "text.undecodable"
    }

    fn class(&self) -> Class {
        Class::Partner
    }
}

/// U+FE00–U+FE0F and U+E0100–U+E01EF: chooses a glyph of the character before it (字形選択子).
pub(super) const fn is_variation_selector(character: char) -> bool {
    matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// A character that belongs to the one before it: a variation selector, 濁点 and 半濁点 to be combined, and
/// the combining marks of European letters.
const fn is_mark(character: char) -> bool {
    is_variation_selector(character) || matches!(character, '\u{300}'..='\u{36f}' | '\u{3099}' | '\u{309a}')
}

/// Code points as `U+8FBB U+E0100`.
pub(super) struct CodePoints<'c>(pub(super) &'c [u32]);

impl fmt::Display for CodePoints<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, code_point) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write!(f, "U+{code_point:04X}")?;
        }
        Ok(())
    }
}
