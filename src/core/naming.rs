//! Names of published files: a template a municipality may set, because the official pattern is not at
//! hand (`design.md`, On disk). The stem is common to a publication's data files and its notice.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDateTime;
use renkei_registry::MunicipalityCode;

use crate::ids::{Branch, FeedId, InterfaceId, Sequence, Version};
use crate::publication::Kind;

/// A stem template, such as `{municipality}_{interface}-{branch}_{kind}_{time}_{sequence:4}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StemTemplate {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Municipality,
    Provider,
    Interface,
    Branch,
    Version,
    Feed,
    Kind,
    Time,
    Sequence,
}

const FIELDS: [(&str, Field); 9] = [
    ("municipality", Field::Municipality),
    ("provider", Field::Provider),
    ("interface", Field::Interface),
    ("branch", Field::Branch),
    ("version", Field::Version),
    ("feed", Field::Feed),
    ("kind", Field::Kind),
    ("time", Field::Time),
    ("sequence", Field::Sequence),
];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Field { field: Field, width: usize },
}

/// Everything a stem can be made of.
#[derive(Debug, Clone, Copy)]
pub struct StemFields<'f> {
    /// `{municipality}`: 6 digits.
    pub municipality: MunicipalityCode,
    /// `{interface}`, and `{provider}` for its first three digits.
    pub interface: &'f InterfaceId,
    /// `{branch}`.
    pub branch: &'f Branch,
    /// `{version}`.
    pub version: Version,
    /// `{feed}`.
    pub feed: &'f FeedId,
    /// `{kind}`: one letter.
    pub kind: Kind,
    /// `{time}`: 14 digits.
    pub time: NaiveDateTime,
    /// `{sequence}`: with zeros on the left where a width is given.
    pub sequence: Sequence,
}

/// What is wrong with a stem template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StemError {
    /// `{` without `}`.
    #[error("an opening brace is not closed")]
    Open,
    /// A field that does not exist.
    #[error("unknown field {{{name}}}")]
    Field {
        /// What stood between the braces.
        name: String,
    },
    /// A width where none goes, or not 1 to 9.
    #[error("{{{name}}}: only sequence takes a width, 1 to 9")]
    Width {
        /// What stood between the braces.
        name: String,
    },
    /// A character that some file system or partner will not take.
    #[error("{found:?} cannot stand in a file name; letters, digits, -, _ and . can")]
    Character {
        /// The character.
        found: char,
    },
    /// Two publications could get one name.
    #[error("{{{name}}} must be in it, or names of different publications could be the same")]
    Lacks {
        /// The field that is missing.
        name: &'static str,
    },
    /// Hidden files are the hub's own.
    #[error("a name must not start with a dot")]
    Hidden,
}

impl StemTemplate {
    /// The names of all fields, for hints.
    pub fn field_names() -> impl Iterator<Item = &'static str> {
        FIELDS.iter().map(|(name, _)| *name)
    }

    /// The template as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The stem of one publication.
    pub fn stem(&self, of: &StemFields<'_>) -> String {
        let mut stem = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => stem.push_str(text),
                Part::Field { field, width } => stem.push_str(&field.text(of, *width)),
            }
        }
        stem
    }

    fn has(&self, wanted: Field) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Field { field, .. } if *field == wanted))
    }
}

impl Field {
    fn text(self, of: &StemFields<'_>, width: usize) -> String {
        match self {
            Self::Municipality => of.municipality.to_string(),
            Self::Provider => of.interface.provider().to_owned(),
            Self::Interface => of.interface.to_string(),
            Self::Branch => of.branch.to_string(),
            Self::Version => of.version.to_string(),
            Self::Feed => of.feed.to_string(),
            Self::Kind => of.kind.letter().to_string(),
            Self::Time => of.time.format("%Y%m%d%H%M%S").to_string(),
            Self::Sequence => format!("{:0width$}", of.sequence.0),
        }
    }
}

impl FromStr for StemTemplate {
    type Err = StemError;

    fn from_str(text: &str) -> Result<Self, StemError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(field) = rest.strip_prefix('{') {
                let (inside, after) = field.split_once('}').ok_or(StemError::Open)?;
                parts.push(field_part(inside)?);
                rest = after;
            } else {
                let (literal, after) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
                let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
                if let Some(found) = literal.chars().find(|c| !is_allowed(*c)) {
                    return Err(StemError::Character { found });
                }
                parts.push(Part::Literal(literal.to_owned()));
                rest = after;
            }
        }
        let template = Self { text: text.to_owned(), parts };
        for (name, field) in FIELDS {
            let is_needed = matches!(field, Field::Sequence | Field::Kind | Field::Time);
            if is_needed && !template.has(field) {
                return Err(StemError::Lacks { name });
            }
        }
        if text.starts_with('.') { Err(StemError::Hidden) } else { Ok(template) }
    }
}

fn field_part(inside: &str) -> Result<Part, StemError> {
    let (name, width) = match inside.split_once(':') {
        Some((name, width)) => (name, Some(width)),
        None => (inside, None),
    };
    let (_, field) = FIELDS
        .into_iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| StemError::Field { name: inside.to_owned() })?;
    let width = match (field, width) {
        (_, None) => 0,
        (Field::Sequence, Some(width)) => width
            .parse()
            .ok()
            .filter(|width| (1..=9).contains(width) && !inside.contains('+'))
            .ok_or_else(|| StemError::Width { name: inside.to_owned() })?,
        _ => return Err(StemError::Width { name: inside.to_owned() }),
    };
    Ok(Part::Field { field, width })
}

impl fmt::Display for StemTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem(template: &str) -> String {
        let (interface, branch) = ("001o005".parse().unwrap(), "00".parse().unwrap());
        let feed = "001o005-v1.1".parse().unwrap();
        let fields = StemFields {
            municipality: "082201".parse().unwrap(),
            interface: &interface,
            branch: &branch,
            version: "1.1".parse().unwrap(),
            feed: &feed,
            kind: Kind::Diff,
            time: "2026-10-02T01:30:00".parse().unwrap(),
            sequence: Sequence(12),
        };
        template.parse::<StemTemplate>().unwrap().stem(&fields)
    }

    #[test]
    fn a_stem_is_made_of_the_fields_named() {
        assert_eq!(
            stem("{municipality}_{interface}-{branch}_{kind}_{time}_{sequence:4}"),
            "082201_001o005-00_D_20261002013000_0012"
        );
        assert_eq!(
            stem("{provider}.{feed}.{version}{kind}{time}{sequence}"),
            "001.001o005-v1.1.1.1D2026100201300012"
        );
    }

    #[track_caller]
    fn check(template: &str, expected: &str) {
        let error = template.parse::<StemTemplate>().unwrap_err();
        assert_eq!(error.to_string(), expected, "{template}");
    }

    #[test]
    fn templates_that_would_go_wrong_are_refused() {
        check(
            "{kind}{time}",
            "{sequence} must be in it, or names of different publications could be the same",
        );
        check(
            "{kind}_{sequence}",
            "{time} must be in it, or names of different publications could be the same",
        );
        check("{kind", "an opening brace is not closed");
        check("{sort}{time}{sequence}", "unknown field {sort}");
        check("{kind:2}{time}{sequence}", "{kind:2}: only sequence takes a width, 1 to 9");
        for width in ["0", "10", "+4", "x", ""] {
            let inside = format!("sequence:{width}");
            check(&format!("{{{inside}}}"), &format!("{{{inside}}}: only sequence takes a width, 1 to 9"));
        }
        for (literal, shown) in [("/", "'/'"), (" ", "' '"), ("件", "'件'"), ("}", "'}'")] {
            let expected = format!("{shown} cannot stand in a file name; letters, digits, -, _ and . can");
            check(&format!("{literal}{{kind}}{{time}}{{sequence}}"), &expected);
        }
        check(".{kind}{time}{sequence}", "a name must not start with a dot");
    }
}
