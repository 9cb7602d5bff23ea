//! An account (接続者): the login that a system uses.

use std::fmt;
use std::str::FromStr;

use super::key::PublicKey;
use super::network::SourceNetwork;
use crate::ids::{BusinessId, IdError};
use crate::moment::Moment;

/// The name an account logs in by: 1 to 32 of `a-z0-9-_`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

impl AccountId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let is_valid = (1..=32).contains(&text.len())
            && text.bytes().all(|b| is_plain(b) || b == b'-' || b == b'_')
            && text.bytes().next().is_some_and(is_plain);
        if is_valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError {
                what: "account",
                expected: "1 to 32 of a-z, 0-9, - and _, beginning with a letter or digit",
                found: text.escape_debug().take(60).collect(),
            })
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// By what an account proves who it is (WT資料 2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LoginRule {
    /// A key from anywhere its own list allows; a password only together with a listed address.
    Either,
    /// A key and then a password, both as they would be for one alone.
    Both,
}

impl LoginRule {
    /// The word in commands, tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Either => "either",
            Self::Both => "both",
        }
    }

    /// Reads [`LoginRule::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Either, Self::Both].into_iter().find(|rule| rule.as_str() == text)
    }
}

/// Whether an account may log in at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountState {
    /// 有効.
    Enabled,
    /// 停止: whatever it proves, it is refused.
    Disabled,
}

/// A key of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountKey {
    /// The key.
    pub key: PublicKey,
    /// What people know it by.
    pub comment: String,
    /// Where it may be used from; anywhere when empty.
    pub from: Vec<SourceNetwork>,
    /// Until when it may be used.
    pub until: Option<Moment>,
}

/// An account.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub id: AccountId,
    /// The system (業務システム) whose rights it has.
    pub system: BusinessId,
    /// Whether it may log in.
    pub state: AccountState,
    /// By what it proves who it is.
    pub rule: LoginRule,
    /// Its keys.
    pub keys: Vec<AccountKey>,
    /// Its password's hash (argon2id, in the PHC form); `None` where it has none.
    pub password_hash: Option<String>,
    /// Where its password may be used from; nowhere when empty.
    pub addresses: Vec<SourceNetwork>,
}

/// Without the password's hash.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("system", &self.system)
            .field("state", &self.state)
            .field("rule", &self.rule)
            .field("keys", &self.keys)
            .field("has_password", &self.password_hash.is_some())
            .field("addresses", &self.addresses)
            .finish()
    }
}
