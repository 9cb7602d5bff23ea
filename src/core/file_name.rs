//! Names of files and folders that come from outside or from a template: never a path.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::hash::sha256;
use crate::ids::{Digest, IdError};

/// The longest name, in bytes.
const MOST_BYTES: usize = 200;
/// How much of its digest tells a cut name from others.
const DIGEST_CHARS: usize = 16;

/// A plain file name: 1 to 200 bytes, no separators, no control characters, not hidden, not `.` or `..`.
///
/// A name from a notice is data from a stranger; as this type it can do no more than name a file in the
/// folder the notice stands in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileName(String);

impl FileName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name with `ending` in place of `from` at its end, if it ends so.
    pub fn with_ending(&self, from: &str, ending: &str) -> Option<Self> {
        format!("{}{ending}", self.0.strip_suffix(from)?).parse().ok()
    }

    /// The same, and where that leaves no room for the name, its beginning and its digest stand for it.
    pub fn with_ending_within(&self, from: &str, ending: &str) -> Option<Self> {
        let stem = self.0.strip_suffix(from)?;
        let most_bytes = MOST_BYTES.checked_sub(ending.len())?;
        format!("{}{ending}", stem_within(stem, most_bytes)).parse().ok()
    }
}

/// A part of a name in so many bytes: as it is, or of one that is longer its beginning and the first 16 hex digits of
/// its digest. `most_bytes` is 17 and more.
pub fn stem_within(stem: &str, most_bytes: usize) -> Cow<'_, str> {
    if stem.len() <= most_bytes {
        return Cow::Borrowed(stem);
    }
    let end = stem.floor_char_boundary(most_bytes.saturating_sub(DIGEST_CHARS + 1));
    let digest = Digest(sha256(stem.as_bytes())).to_string();
    let digest = digest.get(..DIGEST_CHARS).unwrap_or_default();
    Cow::Owned(format!("{}-{digest}", stem.get(..end).unwrap_or_default()))
}

impl FromStr for FileName {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let is_plain = (1..=MOST_BYTES).contains(&text.len())
            && !text.starts_with('.')
            && !text.chars().any(|c| c == '/' || c == '\\' || c.is_control());
        if is_plain {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError {
                what: "file name",
                expected: "1 to 200 bytes without /, \\ or control characters, not starting with a dot",
                found: text.escape_debug().take(80).collect(),
            })
        }
    }
}

impl TryFrom<String> for FileName {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<FileName> for String {
    fn from(name: FileName) -> Self {
        name.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A folder below the root: one or more plain names with `/` between.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FolderPath(String);

impl FolderPath {
    /// The path as text, `/` between parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is this folder or lies somewhere below it.
    pub fn is_at_or_below(&self, folder: &Self) -> bool {
        let rest = self.0.strip_prefix(&folder.0);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Its parts, outermost first.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }
}

impl FromStr for FolderPath {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        for part in text.split('/') {
            part.parse::<FileName>().map_err(|_| IdError {
                what: "folder",
                expected: "plain names with / between, below the root, none starting with a dot",
                found: text.escape_debug().take(80).collect(),
            })?;
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for FolderPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_path() {
        for text in ["082201_001o005-00_F_20261001013000_0001.csv", "宛名.csv", "a b"] {
            assert!(text.parse::<FileName>().is_ok(), "{text}");
        }
        let long = "x".repeat(201);
        for text in [
            "",
            ".",
            "..",
            ".hidden",
            "../../etc/passwd",
            "/etc/passwd",
            "a/b",
            "a\\b",
            "a\nb",
            "a\0b",
            &long,
        ] {
            assert!(text.parse::<FileName>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_name_too_long_for_its_ending_is_cut_between_characters_and_told_from_others() {
        let check = |stem: &str, expected_bytes: usize| {
            let name: FileName = format!("{stem}.a").parse().unwrap();
            let other = name.with_ending_within(".a", ".receipt.json.taking").unwrap();
            assert_eq!(other.as_str().len(), expected_bytes, "{other}");
        };
        check("short", 25);
        check(&"x".repeat(180), 200);
        check(&"x".repeat(181), 200);
        // One byte is left over where a character has three.
        check(&"宛".repeat(66), 200 - 1);
        let of = |last: &str| stem_within(&format!("{}{last}", "宛".repeat(60)), 100).into_owned();
        assert_ne!(of("一"), of("二"));
    }

    #[test]
    fn a_folder_stays_below_the_root() {
        assert!("001/001o005-00/v1".parse::<FolderPath>().is_ok());
        for text in ["", "/001", "001/", "001//v1", "001/../002", ".stage/x"] {
            assert!(text.parse::<FolderPath>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_name_that_only_begins_alike_is_another_folder() {
        let check = |path: &str, folder: &str, expect: bool| {
            let (path, folder): (FolderPath, FolderPath) = (path.parse().unwrap(), folder.parse().unwrap());
            assert_eq!(path.is_at_or_below(&folder), expect, "{path} {folder}");
        };
        check("a/b", "a/b", true);
        check("a/b/c", "a/b", true);
        check("a/bc", "a/b", false);
        check("a", "a/b", false);
    }
}
