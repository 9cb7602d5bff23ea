//! One argument of the alert program: a text with placeholders; there is no shell.

use std::fmt;
use std::str::FromStr;

use renkei_core::declared::{FilledText, NoFilledText};

use super::letter::{FIELDS, Letter};

/// An argument, read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument(FilledText);

impl FromStr for Argument {
    type Err = NoFilledText;
    fn from_str(text: &str) -> Result<Self, NoFilledText> {
        FilledText::read(text, &FIELDS).map(Self)
    }
}

impl Argument {
    /// The argument with a letter's values in it.
    pub fn filled(&self, letter: &Letter) -> String {
        self.0.filled(|field| letter.field(field))
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_those_of_letters() {
        assert!("--job={job}:{feed}".parse::<Argument>().is_ok());
        let message = "{}".parse::<Argument>().unwrap_err().to_string();
        assert!(
            message.starts_with("unknown placeholder {}; there are attempts, class, count, "),
            "{message}"
        );
    }
}
