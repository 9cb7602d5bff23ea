//! The store's part for accounts and grants of [`crate::access`].

use crate::access::{Account, AccountId, Grantee, Rights, Rule};
use crate::file_name::FolderPath;
use crate::moment::Moment;
use crate::port::StoreError;

/// What a hub administrator decides about rights, to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantEntry {
    /// Who is given them.
    pub grantee: Grantee,
    /// Where, and below.
    pub folder: FolderPath,
    /// What.
    pub rights: Rights,
    /// When.
    pub at: Moment,
    /// Who decided.
    pub by: String,
    /// Why; not empty.
    pub reason: String,
}

/// Reading accounts and grants.
pub trait AccessReading {
    /// All accounts, by id.
    fn accounts(&self) -> Result<Vec<Account>, StoreError>;

    /// The account with this id.
    fn account(&self, id: &AccountId) -> Result<Option<Account>, StoreError>;

    /// The grants that stand, by number; each rule's origin is its grant.
    fn grants(&self) -> Result<Vec<Rule>, StoreError>;
}

/// Writing accounts and grants.
pub trait AccessWriting: AccessReading {
    /// Writes an account as it is to be, whole: keys and addresses it had before and has no more go.
    fn put_account(&mut self, account: &Account, at: Moment) -> Result<(), StoreError>;

    /// Writes a grant; gives its number. It takes the place of one that stands for the same grantee and folder.
    fn put_grant(&mut self, grant: &GrantEntry) -> Result<u64, StoreError>;

    /// Takes a grant back; false when none with that number stands.
    fn revoke_grant(&mut self, grant_no: u64, at: Moment, by: &str, reason: &str)
    -> Result<bool, StoreError>;
}
