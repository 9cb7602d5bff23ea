//! A visitor's path: names of bytes below the root, `.` and `..` taken out before anything is opened.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;

use super::hidden::is_hidden;

/// Names from the root down; none for the root itself. `Debug` shows only how deep it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct VisitPath {
    parts: Vec<Vec<u8>>,
}

impl VisitPath {
    /// Reads a path as a client writes it: absolute or not, it begins at the root, and `..` ends there.
    ///
    /// `None` where it holds a NUL, which no file name can.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut parts: Vec<Vec<u8>> = Vec::new();
        for part in text.split(|&byte| byte == b'/') {
            match part {
                b"" | b"." => {}
                b".." => drop(parts.pop()),
                part if part.contains(&0) => return None,
                part => parts.push(part.to_vec()),
            }
        }
        Some(Self { parts })
    }

    /// The names, outermost first.
    pub fn parts(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.parts.iter().map(Vec::as_slice)
    }

    /// True for the root.
    pub fn is_root(&self) -> bool {
        self.parts.is_empty()
    }

    /// The folder it lies in and its name there; `None` for the root.
    pub fn split(&self) -> Option<(Self, &[u8])> {
        let (name, parents) = self.parts.split_last()?;
        Some((Self { parts: parents.to_vec() }, name))
    }

    /// The path of `name` in this folder.
    #[must_use]
    pub fn join(&self, name: &[u8]) -> Self {
        let mut parts = self.parts.clone();
        parts.push(name.to_vec());
        Self { parts }
    }

    /// As clients see it: from `/`.
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.parts.is_empty() {
            return b"/".to_vec();
        }
        let mut text = Vec::new();
        for part in &self.parts {
            text.push(b'/');
            text.extend_from_slice(part);
        }
        text
    }

    /// True when a name on it is the hub's own, which visitors neither see nor make.
    pub fn is_hidden(&self) -> bool {
        self.parts.first().is_some_and(|first| first.starts_with(b".")) || self.parts().any(is_hidden)
    }

    /// From the root's descriptor: `a/b`, or `.`.
    pub(super) fn relative(&self) -> OsString {
        if self.parts.is_empty() {
            return OsString::from(".");
        }
        OsStr::from_bytes(&self.parts.join(&b'/')).to_owned()
    }
}

impl fmt::Debug for VisitPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VisitPath({} names)", self.parts.len())
    }
}
