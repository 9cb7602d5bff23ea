//! One argument of a program that asks a partner for a file, or for one once more: a text with placeholders; there is no
//! shell.

use std::fmt;
use std::str::FromStr;

use crate::declared::{FilledText, NoFilledText};

/// What may stand in braces.
pub const REQUEST_FIELDS: [&str; 4] = ["file_id", "host", "destination", "seconds"];

/// What is put in their places.
#[derive(Debug, Clone, Copy)]
pub struct RequestValues<'v> {
    /// The id both sides know the file by.
    pub file_id: &'v str,
    /// The partner, by its name in HULFT.
    pub host: &'v str,
    /// The destination.
    pub destination: &'v str,
    /// How long the program may take.
    pub seconds: &'v str,
}

/// An argument, read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestArgument(FilledText);

impl FromStr for RequestArgument {
    type Err = NoFilledText;
    fn from_str(text: &str) -> Result<Self, NoFilledText> {
        FilledText::read(text, &REQUEST_FIELDS).map(Self)
    }
}

impl RequestArgument {
    /// The argument with a request's values in it.
    pub fn filled(&self, values: &RequestValues<'_>) -> String {
        self.0.filled(|field| match field {
            "file_id" => values.file_id,
            "host" => values.host,
            "destination" => values.destination,
            "seconds" => values.seconds,
            _ => "",
        })
    }

    /// True when it holds this placeholder.
    pub fn asks_for(&self, field: &str) -> bool {
        self.0.asks_for(field)
    }
}

impl fmt::Display for RequestArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
