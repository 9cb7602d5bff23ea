//! Ids and numbers of publications: each a type of its own, parsed strictly.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not the id it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {expected}, not {found:?}")]
pub struct IdError {
    /// Which id.
    pub what: &'static str,
    /// What would be right.
    pub expected: &'static str,
    /// What was there.
    pub found: String,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $expected:literal, $is_valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let is_valid: fn(&str) -> bool = $is_valid;
                if is_valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError { what: $what, expected: $expected, found: text.to_owned() })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// 業務ID: three digits (`codes/business.csv`), or an own-policy system id of up to 16 of `a-z0-9-`.
    BusinessId, "business id", "3 digits, or 1 to 16 of a-z, 0-9 and -",
    |text| (1..=16).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

text_id! {
    /// 連携ID: provider 業務ID, a letter, three digits: `001o005` (`facts.md` 1.4).
    InterfaceId, "interface id", "3 digits, a letter and 3 digits, such as 001o005",
    |text| text.len() == 7 && text.bytes().enumerate().all(|(place, b)| {
        if place == 3 { b.is_ascii_lowercase() } else { b.is_ascii_digit() }
    })
}

impl InterfaceId {
    /// 提供業務ID: the first three digits.
    pub fn provider(&self) -> &str {
        self.0.get(..3).unwrap_or_default()
    }
}

text_id! {
    /// 枝番 of an interface: two digits, `00` to `99`.
    Branch, "branch", "2 digits",
    |text| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())
}

text_id! {
    /// A feed's id: unique in a hub, part of folder names.
    FeedId, "feed id", "1 to 40 of a-z, 0-9, - and ., starting with a letter or digit",
    |text| (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && !text.contains("..")
}

text_id! {
    /// An intake's id (取込): unique in a hub or agent, part of folder and table names.
    IntakeId, "intake id", "1 to 40 of a-z, 0-9 and -, starting with a letter or digit",
    |text| (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
}

text_id! {
    /// A job's id: the name of its file under `jobs/`.
    JobId, "job id", "1 to 40 of a-z, 0-9 and -",
    |text| (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

text_id! {
    /// A destination's id (引渡先): unique in a hub.
    DestinationId, "destination id", "1 to 40 of a-z, 0-9 and -, starting with a letter or digit",
    |text| (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
}

/// 版数: the version of an interface, `major.minor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    major: u16,
    minor: u16,
}

impl FromStr for Version {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let number = |part: &str| {
            let is_plain = part == "0" || !part.starts_with('0');
            if is_plain && part.bytes().all(|b| b.is_ascii_digit()) { part.parse().ok() } else { None }
        };
        text.split_once('.')
            .and_then(|(major, minor)| Some(Self { major: number(major)?, minor: number(minor)? }))
            .ok_or(IdError { what: "version", expected: "major.minor, such as 1.1", found: text.to_owned() })
    }
}

impl TryFrom<String> for Version {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The number of a commit (確定): 1, 2, 3, …; 0 stands for the empty registry before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommitNo(pub u64);

impl fmt::Display for CommitNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a publication within its feed, from 1, without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequence(pub u32);

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A window of commits, half-open on the left: those after `after`, up to and with `through`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The last commit already published; 0 for none.
    pub after: CommitNo,
    /// The last commit in this publication.
    pub through: CommitNo,
}

/// A SHA-256 value, written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong =
            || IdError { what: "digest", expected: "64 lower-case hex digits", found: text.to_owned() };
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Digest {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_strictly() {
        assert_eq!("001o005".parse::<InterfaceId>().unwrap().provider(), "001");
        for wrong in ["001o05", "01o0005", "001O005", "../etc", "001o0055"] {
            assert!(wrong.parse::<InterfaceId>().is_err(), "{wrong}");
        }
        assert!("001o005-v1.1".parse::<FeedId>().is_ok());
        for wrong in ["", ".hidden", "a/b", "a..b", "A", "-x", &"a".repeat(41)] {
            assert!(wrong.parse::<FeedId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn versions_compare_by_number() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert!(version("1.9") < version("1.10"));
        for wrong in ["1", "1.", ".1", "1.01", "1.1.1", "v1.1", "1.-1", "１.0"] {
            assert!(wrong.parse::<Version>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_digest_reads_what_it_prints() {
        let digest = Digest(std::array::from_fn(|i| u8::try_from(i * 8).unwrap_or(0)));
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!(digest.to_string().to_uppercase().parse::<Digest>().is_err());
    }
}
