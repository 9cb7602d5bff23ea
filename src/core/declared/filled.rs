//! A text with placeholders in braces, such as `--job={job}`: what is filled in is never split nor read by a shell.

use std::fmt;

use super::suggestion::nearest;

/// A text with placeholders, read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledText {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(&'static str),
}

/// Why a text has no good placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoFilledText {
    /// A placeholder that does not exist.
    Unknown {
        /// What was written.
        name: String,
        /// Those there are.
        fields: &'static [&'static str],
    },
    /// A brace that opens or closes nothing.
    Brace,
}

impl fmt::Display for NoFilledText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Brace => f.write_str("has a brace without its other half; placeholders are {name}"),
            Self::Unknown { name, fields } => {
                write!(f, "unknown placeholder {{{name}}}; ")?;
                match nearest(name, fields.iter().copied()) {
                    Some(near) => write!(f, "did you mean {{{near}}}?"),
                    None => write!(f, "there are {}", fields.join(", ")),
                }
            }
        }
    }
}

impl FilledText {
    /// Reads a text whose placeholders are among `fields`.
    pub fn read(text: &str, fields: &'static [&'static str]) -> Result<Self, NoFilledText> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or(NoFilledText::Brace)?;
            let known = fields.iter().find(|field| **field == name);
            let field = known.ok_or_else(|| NoFilledText::Unknown { name: name.to_owned(), fields })?;
            parts.extend([Part::Text(before.to_owned()), Part::Field(field)]);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        let has_brace = |part: &Part| matches!(part, Part::Text(text) if text.contains('}'));
        if parts.iter().any(has_brace) { Err(NoFilledText::Brace) } else { Ok(Self { parts }) }
    }

    /// The text with values in it. An argument of a program ends at a NUL, so none can be in it.
    pub fn filled<'v>(&self, value: impl Fn(&str) -> &'v str) -> String {
        let text = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Field(field) => value(field).to_owned(),
        };
        self.parts.iter().map(text).collect::<String>().replace('\0', "")
    }

    /// True when it holds this placeholder.
    pub fn asks_for(&self, field: &str) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Field(name) if *name == field))
    }
}

/// As it was written.
impl fmt::Display for FilledText {
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

    const FIELDS: &[&str] = &["feed", "job"];

    #[test]
    fn placeholders_are_those_there_are() {
        for text in ["", "--job", "{job}", "--job={job}:{feed}", "a b c", "$(x)", "日本"] {
            assert_eq!(FilledText::read(text, FIELDS).map(|read| read.to_string()), Ok(text.to_owned()));
        }
        for text in ["{job", "job}", "{job}}", "}{job}"] {
            assert_eq!(FilledText::read(text, FIELDS), Err(NoFilledText::Brace), "{text}");
        }
        for (text, expected) in [
            ("{jobs}", "unknown placeholder {jobs}; did you mean {job}?"),
            ("{{job}}", "unknown placeholder {{job}; "),
            ("{}", "unknown placeholder {}; there are feed, job"),
        ] {
            let message = FilledText::read(text, FIELDS).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{message}");
        }
    }

    #[test]
    fn what_is_filled_in_is_data() {
        let read = FilledText::read("{job}-{feed}", FIELDS).unwrap();
        let value = |field: &str| if field == "job" { "a b\0;{feed}" } else { "$(x)" };
        assert_eq!(read.filled(value), "a b;{feed}-$(x)");
        assert!(read.asks_for("job") && !read.asks_for("x"));
    }
}
