//! A name in an alert that comes from elsewhere: a fault code, a run's id, a calendar.

use std::fmt;

use serde::{Deserialize, Serialize};

const MOST_CHARS: usize = 64;

/// 1 to 64 of `a-z`, `A-Z`, `0-9`, `-`, `_`, `.` and `:`. Anything else becomes `-`, so that no sentence and no
/// Japanese name can travel in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Word(String);

impl Word {
    /// The word of a text.
    pub fn of(text: &str) -> Self {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        let word: String = text.chars().take(MOST_CHARS).map(|c| if is_plain(c) { c } else { '-' }).collect();
        Self(if word.is_empty() { "-".to_owned() } else { word })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self::of(&text)
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self::of(text)
    }
}

impl From<Word> for String {
    fn from(word: Word) -> Self {
        word.0
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_words_travel() {
        for (text, expected) in [
            ("store.full", "store.full"),
            ("01k6h0zq7", "01k6h0zq7"),
            ("", "-"),
            ("金糸雀 漏太郎", "-------"),
            ("$(rm -rf /)\n", "--rm--rf----"),
        ] {
            assert_eq!(Word::of(text).as_str(), expected);
        }
        assert_eq!(Word::of(&"x".repeat(999)).as_str().len(), 64);
    }
}
