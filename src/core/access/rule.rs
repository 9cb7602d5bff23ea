//! One line of who may do what where, and where the line comes from.

use std::fmt;

use super::account::AccountId;
use super::right::Rights;
use crate::file_name::FolderPath;
use crate::ids::{BusinessId, FeedId, IntakeId};
use crate::moment::Moment;

/// Who is given rights.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grantee {
    /// Every account of a system.
    System(BusinessId),
    /// One account.
    Account(AccountId),
}

/// `system 015` or `account office`.
impl fmt::Display for Grantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(id) => write!(f, "system {id}"),
            Self::Account(id) => write!(f, "account {id}"),
        }
    }
}

/// Where a rule comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The system is a receiver of the feed.
    Receiver(FeedId),
    /// The system hands in for the intake.
    Sender(IntakeId),
    /// The hub's answers to the system.
    Answers,
    /// The system's receipts.
    Receipts,
    /// The system's folder for conformance reports.
    Checks,
    /// What is published for the system alone, to mend what it holds.
    Mends,
    /// A hub administrator granted it (WT資料 2.2.4).
    Granted {
        /// The grant's number.
        grant_no: u64,
        /// When.
        at: Moment,
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
}

impl Origin {
    /// True for a grant by a person; false for what follows from what is declared.
    pub const fn is_granted(&self) -> bool {
        matches!(self, Self::Granted { .. })
    }
}

/// Says which declaration or grant it is.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receiver(feed) => write!(f, "receiver of {feed}"),
            Self::Sender(intake) => write!(f, "sender of {intake}"),
            Self::Answers => f.write_str("its answers"),
            Self::Receipts => f.write_str("its receipts"),
            Self::Checks => f.write_str("its checks"),
            Self::Mends => f.write_str("its mends"),
            Self::Granted { grant_no, .. } => write!(f, "grant {grant_no}"),
        }
    }
}

/// One line: these rights, in a folder and whatever is below it, for a system or an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Who.
    pub grantee: Grantee,
    /// Where, and below.
    pub folder: FolderPath,
    /// What; [`Rights::NONE`] takes away what a line for a folder above gives.
    pub rights: Rights,
    /// Where the line comes from.
    pub origin: Origin,
}
