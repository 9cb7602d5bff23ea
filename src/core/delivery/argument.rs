//! One argument of a program that takes files over: a text with placeholders; there is no shell.

use std::fmt;
use std::str::FromStr;

use crate::declared::{FilledText, NoFilledText};

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
pub struct DeliveryArgument(FilledText);

impl FromStr for DeliveryArgument {
    type Err = NoFilledText;
    fn from_str(text: &str) -> Result<Self, NoFilledText> {
        FilledText::read(text, &ARGUMENT_FIELDS).map(Self)
    }
}

impl DeliveryArgument {
    /// The argument with a file's values in it.
    pub fn filled(&self, values: &ArgumentValues<'_>) -> String {
        self.0.filled(|field| values.of(field))
    }

    /// True when it holds this placeholder.
    pub fn asks_for(&self, field: &str) -> bool {
        self.0.asks_for(field)
    }
}

impl fmt::Display for DeliveryArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
