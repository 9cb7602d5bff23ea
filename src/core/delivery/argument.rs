//! One argument of a program that takes files over: fixed text with placeholders. What is filled in is never split, and
//! never read by a shell; there is none.

use std::fmt;
use std::str::FromStr;

use crate::declared::nearest;

/// What may stand in braces.
pub const ARGUMENT_FIELDS: [&str; 9] =
    ["path", "name", "feed", "sequence", "destination", "file_id", "seconds", "sha256", "bytes"];

/// What is put in their places.
#[derive(Debug, Clone, Copy)]
pub struct ArgumentValues<'v> {
    /// The file's whole path.
    pub path: &'v str,
    /// Its name.
    pub name: &'v str,
    /// Its feed.
    pub feed: &'v str,
    /// Its publication's number.
    pub sequence: &'v str,
    /// The destination.
    pub destination: &'v str,
    /// The id the partner knows such files by.
    pub file_id: &'v str,
    /// How long the program may take.
    pub seconds: &'v str,
    /// The file's SHA-256.
    pub sha256: &'v str,
    /// Its length in bytes.
    pub n_bytes: &'v str,
}

/// An argument, read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryArgument {
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
                match nearest(name, ARGUMENT_FIELDS) {
                    Some(near) => write!(f, "did you mean {{{near}}}?"),
                    None => write!(f, "there are {}", ARGUMENT_FIELDS.join(", ")),
                }
            }
        }
    }
}

impl FromStr for DeliveryArgument {
    type Err = NoArgument;
    fn from_str(text: &str) -> Result<Self, NoArgument> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or(NoArgument::Brace)?;
            let known = ARGUMENT_FIELDS.into_iter().find(|field| *field == name);
            let field = known.ok_or_else(|| NoArgument::Unknown { name: name.to_owned() })?;
            parts.extend([Part::Text(before.to_owned()), Part::Field(field)]);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        let has_brace = |part: &Part| matches!(part, Part::Text(text) if text.contains('}'));
        if parts.iter().any(has_brace) { Err(NoArgument::Brace) } else { Ok(Self { parts }) }
    }
}

impl DeliveryArgument {
    /// The argument with a file's values in it. It ends at a NUL, so none can be in it.
    pub fn filled(&self, values: &ArgumentValues<'_>) -> String {
        let text = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Field(field) => values.of(field).to_owned(),
        };
        self.parts.iter().map(text).collect::<String>().replace('\0', "")
    }

    /// True when it holds this placeholder.
    pub fn asks_for(&self, field: &str) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Field(name) if *name == field))
    }
}

impl fmt::Display for DeliveryArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Field(name) => write!(f, "{{{name}}}"),
        })
    }
}

impl ArgumentValues<'_> {
    fn of(&self, field: &str) -> &str {
        match field {
            "path" => self.path,
            "name" => self.name,
            "feed" => self.feed,
            "sequence" => self.sequence,
            "destination" => self.destination,
            "file_id" => self.file_id,
            "seconds" => self.seconds,
            "sha256" => self.sha256,
            "bytes" => self.n_bytes,
            _ => "",
        }
    }
}
