//! What can be wrong with what an administrator asks for.

use renkei_core::access::{AccountId, Fingerprint, KeyError};
use renkei_core::{Class, Fault};
use renkei_sftp::password::PasswordError;

/// Faults of accounts and rights.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessFault {
    /// No account has the name.
    #[error("no account is called {account:?}{}", near.as_deref().map(|near| format!(" (did you mean {near:?}?)")).unwrap_or_default())]
    UnknownAccount {
        /// What was given.
        account: String,
        /// The nearest name.
        near: Option<String>,
    },
    /// An account with the name is there.
    #[error("account {account} is there already, for system {system}")]
    AccountThere {
        /// Its name.
        account: AccountId,
        /// Its system.
        system: String,
    },
    /// No system has the id.
    #[error("no [[system]] has the id {system:?}{}", near.as_deref().map(|near| format!(" (did you mean {near:?}?)")).unwrap_or_default())]
    UnknownSystem {
        /// What was given.
        system: String,
        /// The nearest id.
        near: Option<String>,
    },
    /// The key cannot be taken.
    #[error("the key of line {line} cannot be taken")]
    Key {
        /// Which line of the input.
        line: usize,
        /// Why.
        source: KeyError,
    },
    /// What was asked for is done, and the audit's line that says so could not be written.
    #[error("it is done ({done}), and the audit does not say so yet ({cause})")]
    DoneOffRecord {
        /// What the line would say.
        done: String,
        /// What kept it from being written.
        cause: String,
    },
    /// No key was given.
    #[error("no key was given")]
    NoKey,
    /// The input cannot be read.
    #[error("{what} cannot be read")]
    Input {
        /// What.
        what: String,
        /// The system's words.
        source: std::io::Error,
    },
    /// The account has no such key.
    #[error("account {account} has no key {fingerprint}")]
    NoSuchKey {
        /// The account.
        account: AccountId,
        /// The key.
        fingerprint: Fingerprint,
    },
    /// The account has no such address.
    #[error("account {account} has no address {network}")]
    NoSuchAddress {
        /// The account.
        account: AccountId,
        /// The address.
        network: String,
    },
    /// The password is not taken.
    #[error("the password is not taken")]
    Password {
        /// Why.
        source: PasswordError,
    },
    /// The two passwords typed differ.
    #[error("the two passwords differ")]
    PasswordsDiffer,
    /// No grant has the number.
    #[error("no grant {grant_no} stands")]
    NoGrant {
        /// The number.
        grant_no: u64,
    },
    /// Rights that nobody may have.
    #[error("in {folder} {rights} may not be granted: {why}")]
    NotGrantable {
        /// Where.
        folder: String,
        /// What.
        rights: String,
        /// Why.
        why: &'static str,
    },
}

impl Fault for AccessFault {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownAccount { .. } => "usage.unknown-account",
            Self::UnknownSystem { .. } => "usage.unknown-system",
            Self::AccountThere { .. } => "access.account-there",
            Self::Key { .. } | Self::NoKey => "access.key",
            Self::Input { .. } => "access.input",
            Self::DoneOffRecord { .. } => "audit.done-off-record",
            Self::NoSuchKey { .. } | Self::NoSuchAddress { .. } => "access.not-there",
            Self::Password { .. } | Self::PasswordsDiffer => "access.password",
            Self::NoGrant { .. } => "usage.unknown-grant",
            Self::NotGrantable { .. } => "access.not-grantable",
        }
    }

    fn class(&self) -> Class {
        Class::Operator
    }
}
