//! What an operation on files needs, in rights: the one table that every way to a file goes by.

use super::account::Account;
use super::right::Right;
use super::rulebook::{Decision, Rulebook};
use crate::file_name::FolderPath;

/// Something that is to be done with what lies directly in a folder. `None` is the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation<'p> {
    /// To list a folder, or to ask for size and times of a file in it.
    Look(Option<&'p FolderPath>),
    /// To read a file.
    Fetch(Option<&'p FolderPath>),
    /// To bring a file under a name that is free, or to set the times of one's own.
    Bring(Option<&'p FolderPath>),
    /// To bring a file over one that stands there, or to write into one.
    Replace(Option<&'p FolderPath>),
    /// To remove a file.
    Remove(Option<&'p FolderPath>),
    /// To make a folder in it.
    MakeFolder(Option<&'p FolderPath>),
    /// To remove an empty folder in it.
    RemoveFolder(Option<&'p FolderPath>),
    /// To give what lies in one folder a name in another, or in the same.
    Rename {
        /// Where it lies.
        from: Option<&'p FolderPath>,
        /// Where it is to lie.
        to: Option<&'p FolderPath>,
        /// True when something has that name already.
        replaces: bool,
        /// True for a file that the same account brought in the same visit.
        is_own: bool,
    },
}

/// What was decided about an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict<'r, 'p> {
    /// Whether it is allowed.
    pub is_allowed: bool,
    /// The right on which it hung: the first that was missing, else the last that was needed.
    pub right: Right,
    /// In which folder.
    pub folder: Option<&'p FolderPath>,
    /// The line that decided.
    pub decision: Decision<'r>,
}

impl<'p> Operation<'p> {
    /// The rights it needs, each in a folder; at least one.
    ///
    /// Programs bring a file under a passing name, and need no right to delete for giving it its own. Of what was there
    /// before or others brought, a name that goes is one that is removed: else whoever may only bring could put his
    /// file in another's place.
    pub fn needs(self) -> (Need<'p>, Option<Need<'p>>) {
        match self {
            Self::Look(folder) => ((Right::List, folder), None),
            Self::Fetch(folder) => ((Right::Read, folder), None),
            Self::Bring(folder) | Self::MakeFolder(folder) => ((Right::Create, folder), None),
            Self::Replace(folder) => ((Right::Replace, folder), None),
            Self::Remove(folder) | Self::RemoveFolder(folder) => ((Right::Delete, folder), None),
            Self::Rename { from, to, replaces, is_own } => {
                let leaves = if is_own && from == to { Right::Create } else { Right::Delete };
                let arrives = if replaces { Right::Replace } else { Right::Create };
                ((leaves, from), Some((arrives, to)))
            }
        }
    }
}

/// A right in a folder.
type Need<'p> = (Right, Option<&'p FolderPath>);

impl Rulebook {
    /// Whether an account may do this.
    pub fn allows<'p>(&self, account: &Account, operation: Operation<'p>) -> Verdict<'_, 'p> {
        let verdict = |(right, folder): Need<'p>| {
            let decision = self.decide(account, folder, right);
            Verdict { is_allowed: decision.is_allowed, right, folder, decision }
        };
        let (first, second) = operation.needs();
        let first = verdict(first);
        match second {
            Some(second) if first.is_allowed => verdict(second),
            _ => first,
        }
    }
}
