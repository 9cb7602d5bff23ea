//! The five rights in a folder.

use std::fmt;
use std::str::FromStr;

/// One thing that may be done with what lies directly in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// 一覧: to see the folder, and names, sizes and times in it.
    List,
    /// 読取: to read files.
    Read,
    /// 作成: to bring new files and folders, and to give a file just brought another name in the folder that is free.
    Create,
    /// 置換: to write over a file that stands there.
    Replace,
    /// 削除: to remove files and empty folders.
    Delete,
}

impl Right {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::List, Self::Read, Self::Create, Self::Replace, Self::Delete];

    /// The word in commands, tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Read => "read",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Delete => "delete",
        }
    }

    /// Reads [`Right::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.as_str() == text)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rights(u8);

impl Rights {
    /// No right at all: as a rule it takes away what a folder above gives.
    pub const NONE: Self = Self(0);
    /// To see and fetch.
    pub const FETCH: Self = Self::of(&[Right::List, Right::Read]);
    /// To see and bring, and nothing that could destroy.
    pub const BRING: Self = Self::of(&[Right::List, Right::Create]);
    /// Everything.
    pub const ALL: Self = Self::of(&Right::ALL);

    /// These rights.
    pub const fn of(rights: &[Right]) -> Self {
        let mut bits = 0;
        let mut rest = rights;
        while let [first, others @ ..] = rest {
            bits |= first.bit();
            rest = others;
        }
        Self(bits)
    }

    /// Whether a right is among them.
    pub const fn has(self, right: Right) -> bool {
        self.0 & right.bit() != 0
    }

    /// Those of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True for no right at all.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The rights, in the order of [`Right::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL.into_iter().filter(move |right| self.has(*right))
    }
}

/// `list,read`, or `none`.
impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str("none");
        }
        let words: Vec<&str> = self.iter().map(Right::as_str).collect();
        f.write_str(&words.join(","))
    }
}

/// A text that is no set of rights.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "rights are list, read, create, replace and delete with a comma between, all, or none; not {found:?}"
)]
pub struct RightsError {
    /// The word that is none.
    pub found: String,
}

impl FromStr for Rights {
    type Err = RightsError;

    fn from_str(text: &str) -> Result<Self, RightsError> {
        match text {
            "none" => return Ok(Self::NONE),
            "all" => return Ok(Self::ALL),
            _ => {}
        }
        text.split(',').try_fold(Self::NONE, |rights, word| {
            let right = Right::parse(word.trim())
                .ok_or_else(|| RightsError { found: word.escape_debug().take(40).collect() })?;
            Ok(rights.and(Self::of(&[right])))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_read_as_they_are_shown() {
        for bits in 0..32 {
            let rights = Rights(bits);
            assert_eq!(rights.to_string().parse(), Ok(rights));
            let again = rights.iter().fold(Rights::NONE, |sum, right| sum.and(Rights::of(&[right])));
            assert_eq!(again, rights);
        }
        assert_eq!("list, read".parse(), Ok(Rights::FETCH));
        assert_eq!("all".parse(), Ok(Rights::ALL));
        for wrong in ["", "list,", "write", "LIST", "list read"] {
            assert!(wrong.parse::<Rights>().is_err(), "{wrong:?}");
        }
    }
}
