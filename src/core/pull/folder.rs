//! One folder at a partner's, and where its sets go.

use crate::file_name::FolderPath;
use crate::receive::Most;

/// What becomes of a set at the partner's once all of it is safely here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterPull {
    /// It stays; the partner clears it away.
    Leave,
    /// Its files are removed, the notice last.
    Delete,
    /// Its files are moved into another folder of the server, the notice last.
    Move(String),
}

/// A folder that is fetched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullFolder {
    /// The folder at the server: absolute, or from where the login lands.
    pub from: String,
    /// The folder here, below the root.
    pub to: FolderPath,
    /// What becomes of a set there.
    pub after: AfterPull,
    /// No larger set is fetched.
    pub most: Most,
    /// Whether another file of a name here is replaced, as in a mirror; else that is a fault.
    pub replaces: bool,
    /// Whether it is no fault that the folder is not there.
    pub may_be_missing: bool,
}

impl PullFolder {
    /// The path of a name in a folder of the server.
    pub fn path_in(folder: &str, name: &str) -> String {
        match folder.trim_end_matches('/') {
            "" if folder.is_empty() => name.to_owned(),
            folder => format!("{folder}/{name}"),
        }
    }
}
