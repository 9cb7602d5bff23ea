//! One argument of the alert program: fixed text with placeholders. What is filled in is never split, and
//! never read by a shell; there is none.

use std::fmt;
use std::str::FromStr;

use renkei_core::declared::nearest;

use super::letter::{FIELDS, Letter};

/// An argument, read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(&'static str),
}

/// Why a text is no argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoArgument {
    /// A placeholder that does not exist.
    Unknown {
        /// What was written.
        name: String,
    },
    /// A brace that opens or closes nothing.
    Brace,
}

impl fmt::Display for NoArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Brace => f.write_str("has a brace without its other half; placeholders are {name}"),
            Self::Unknown { name } => {
                write!(f, "unknown placeholder {{{name}}}; ")?;
                match nearest(name, FIELDS) {
                    Some(near) => write!(f, "did you mean {{{near}}}?"),
                    None => write!(f, "there are {}", FIELDS.join(", ")),
                }
            }
        }
    }
}

impl FromStr for Argument {
    type Err = NoArgument;
    fn from_str(text: &str) -> Result<Self, NoArgument> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or(NoArgument::Brace)?;
            let field = FIELDS.iter().find(|field| **field == name);
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Field(
                field.copied().ok_or_else(|| NoArgument::Unknown { name: name.to_owned() })?,
            ));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        let has_brace = |part: &Part| matches!(part, Part::Text(text) if text.contains('}'));
        if parts.iter().any(has_brace) { Err(NoArgument::Brace) } else { Ok(Self { parts }) }
    }
}

impl Argument {
    /// The argument with a letter's values in it.
    pub fn filled(&self, letter: &Letter) -> String {
        let text = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Field(name) => letter.field(name).to_owned(),
        };
        // An argument ends at a NUL, so none can be in it.
        self.parts.iter().map(text).collect::<String>().replace('\0', "")
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Field(name) => write!(f, "{{{name}}}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_those_there_are() {
        for text in ["", "--job", "{job}", "--job={job}:{feed}", "a b c", "$(x)", "日本"] {
            assert_eq!(text.parse::<Argument>().map(|argument| argument.to_string()), Ok(text.to_owned()));
        }
        for text in ["{job", "job}", "{job}}", "}{job}"] {
            assert_eq!(text.parse::<Argument>(), Err(NoArgument::Brace), "{text}");
        }
        for (text, expected) in [
            ("{jobs}", "unknown placeholder {jobs}; did you mean {job}?"),
            ("{{job}}", "unknown placeholder {{job}; "),
            ("{}", "unknown placeholder {}; there are attempts, class, count, "),
        ] {
            let message = text.parse::<Argument>().unwrap_err().to_string();
            assert!(message.starts_with(expected), "{message}");
        }
    }
}
